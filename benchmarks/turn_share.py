"""The relay's own share of an answer: the deciding frame sent, the first audio frame received.

    python -m benchmarks.turn_share [--calls 50] [--turns 20]

Through the relay's real sockets, with engines that take no time: the caller's words are final with
the frame that decides them, the model answers at once, and so does the voice. The relay runs on
core 0, the callers on core 1; each speaks once a second, at moments spread over the second.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import AsyncIterator

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from adapters.mailbox import Mailbox
from adapters.scripted import ScriptedChat
from benchmarks.media_load import audio_message, connect
from benchmarks.processes import alone_on_core, cpu_ns, ours, serving
from benchmarks.relay_server import Brief, serve_relay
from core.speech import (
    FRAME_BYTES,
    FRAME_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.call_settings import Engines

SILENCE = bytes(FRAME_BYTES)
WORDS = b"\x01".ljust(FRAME_BYTES, b"\1")
END = b"\x02".ljust(FRAME_BYTES, b"\1")
SPOKEN_FRAMES = 15
PERIOD_S = 1.0
WARM_UP_TURNS = 3


class Signs:
    """Ears that hear by the first byte of a frame and decide at once."""

    async def open(self, config: HearingConfig) -> SignStream:
        return SignStream()

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class SignStream:
    """The ears of one call."""

    def __init__(self) -> None:
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._now_ms = 0
        self._start_ms: int | None = None

    def push(self, pcm: bytes) -> None:
        self._now_ms += FRAME_MS
        if pcm[0] == WORDS[0] and self._start_ms is None:
            self._start_ms = self._now_ms - FRAME_MS
            self._box.put(SpeechStarted(at_ms=self._start_ms))
        elif pcm[0] == END[0] and self._start_ms is not None:
            start, now = self._start_ms, self._now_ms
            self._start_ms = None
            self._box.put(SpeechStopped(speech_end_ms=now, decided_ms=now))
            heard = "What is my balance?"
            self._box.put(FinalHeard(text=heard, start_ms=start, end_ms=now, decided_ms=now))

    def finalize(self) -> None: ...

    def events(self) -> AsyncIterator[HearingEvent]:
        return self._box.drain()

    async def aclose(self) -> None:
        self._box.close(drop=True)


class Caller(WSListener):
    """One caller: asks again and again, and times each answer in ms."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._asked: float | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self._asked is not None:
            self.waits.append((time.perf_counter() - self._asked) * 1000)
            self._asked = None

    async def talk(self, transport: WSTransport, turns: int, began: float) -> None:
        """Send a frame each 20 ms; a turn begins each second."""
        silence, words, end = (audio_message(pcm) for pcm in (SILENCE, WORDS, END))
        every = round(PERIOD_S * 1000 / FRAME_MS)
        for n in range(turns * every):
            place = n % every - (every - SPOKEN_FRAMES - 1)
            if place == SPOKEN_FRAMES:
                self._asked = time.perf_counter()
            message = silence if place < 0 else end if place == SPOKEN_FRAMES else words
            transport.send(WSMsgType.TEXT, message)
            await asyncio.sleep(began + (n + 1) * FRAME_MS / 1000 - self._loop.time())


async def measure(port: int, calls: int, turns: int) -> tuple[list[float], int]:
    """Return the waits, sorted, and how many questions had no answer."""
    callers: list[Caller] = []
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        for n in range(calls):
            caller = Caller()
            transport = await connect(port, f"c{n}", caller)
            callers.append(caller)
            tasks.create_task(caller.talk(transport, turns + WARM_UP_TURNS, loop.time()))
            await asyncio.sleep(PERIOD_S / calls)
        gc.freeze()
    waits = [wait for caller in callers for wait in caller.waits[WARM_UP_TURNS:]]
    return sorted(waits), calls * turns - len(waits)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--turns", type=int, default=20)
    asked = parser.parse_args()
    if asked.serve:
        alone_on_core(0)
        chat = ScriptedChat(lambda _: "It is ten dollars.")
        uvloop.run(serve_relay(Engines(hearing=Signs(), chat=chat, speaking=Brief())))
        return
    alone_on_core(1)
    with serving(ours("turn_share", "--serve")) as (port, pid):
        cpu, began = cpu_ns(pid), time.perf_counter()
        waits, lost = uvloop.run(measure(port, asked.calls, asked.turns))
        busy = (cpu_ns(pid) - cpu) / 1e9 / (time.perf_counter() - began)
    p50, p99 = statistics.median(waits), waits[int(len(waits) * 0.99)]
    print(
        f"own share of {len(waits)} answers in {asked.calls} calls: p50 {p50:.1f} ms, "
        f"p99 {p99:.1f} ms, most {waits[-1]:.1f} ms; {lost} without an answer; "
        f"whole turns, one a second, take {busy:.0%} of a core"
    )


if __name__ == "__main__":
    main()
