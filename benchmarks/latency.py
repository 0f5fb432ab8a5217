"""From the end of the caller's speech to the first audio of the answer, beside pipecat's.

    python -m benchmarks.latency [--calls 5] [--without pipecat]

Both hear the same conversation through the same messages, with the same engines of the same delays
(benchmarks/published.py) and their own turn-taking as it comes: the relay's endpointing; pipecat's
default (Silero and smart-turn) and its timer (Silero and 0.6 s). What a call takes of a core tells
how many calls of whole turns it would hold.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from adapters.scripted import ScriptedChat
from adapters.voiced import VoicedHearing
from benchmarks.dialogue import Dialogue, dialogue
from benchmarks.media_load import Script, audio_of, connect
from benchmarks.pipecat_env import pipecat
from benchmarks.processes import alone_on_core, cpu_ns, ours, serving
from benchmarks.published import (
    FIRST_TOKEN_S,
    REPLY,
    PublishedHearing,
    PublishedVoice,
    written,
)
from benchmarks.relay_server import serve_relay
from core.chat import TextDelta
from core.speech import FRAME_MS
from media_relay.call_settings import Engines


class Talker(WSListener):
    """Plays the conversation once, and times the answer to each utterance in ms."""

    def __init__(self, said: Dialogue, script: Script) -> None:
        self.waits: list[float] = []
        self.unanswered = 0
        self._ends = {end - 1 for _, end in said.spoken}
        self._starts = {first for first, _ in said.spoken}
        self._script = script
        self._asked: float | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self._asked is not None and any(audio_of(frame.get_payload_as_memoryview())):
            self.waits.append((time.perf_counter() - self._asked) * 1000)
            self._asked = None

    async def talk(self, transport: WSTransport) -> None:
        """Send a frame each 20 ms."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for place in range(self._script.frames):
            if place in self._starts and self._asked is not None:
                self._asked = None
                self.unanswered += 1
            transport.send(WSMsgType.TEXT, self._script.message(place, 0))
            if place in self._ends:
                self._asked = time.perf_counter()
            await asyncio.sleep(start + (place + 1) * FRAME_MS / 1000 - loop.time())
        await asyncio.sleep(1.5)
        self.unanswered += self._asked is not None
        transport.disconnect()


async def measure(port: int, calls: int) -> tuple[list[float], int]:
    """Return the waits, sorted, and how many utterances had no answer before the next."""
    said = dialogue()
    script = Script(said.frames)
    talkers = [Talker(said, script) for _ in range(calls)]
    async with asyncio.TaskGroup() as tasks:
        for n, talker in enumerate(talkers):
            transport = await connect(port, f"c{n}", talker)
            tasks.create_task(talker.talk(transport))
            await asyncio.sleep(1 / calls)
    waits = sorted(wait for talker in talkers for wait in talker.waits)
    return waits, sum(talker.unanswered for talker in talkers)


def show(name: str, command: Sequence[str], calls: int) -> float:
    """Print one server's row; return what share of a core one call of whole turns takes."""
    with serving(command) as (port, pid):
        cpu, began = cpu_ns(pid), time.perf_counter()
        waits, unanswered = uvloop.run(measure(port, calls))
        share = (cpu_ns(pid) - cpu) / 1e9 / (time.perf_counter() - began) / calls
    p50, p95 = statistics.median(waits), waits[len(waits) * 95 // 100]
    print(
        f"{name:20} p50 {p50:5.0f} ms, p95 {p95:5.0f} ms, {len(waits)} answers, "
        f"{unanswered} without one; a call takes {share:.2%} of a core",
        flush=True,
    )
    return share


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--without", choices=("pipecat",))
    asked = parser.parse_args()
    if asked.serve:
        alone_on_core(0)
        chat = ScriptedChat(lambda _: [FIRST_TOKEN_S, TextDelta(text=REPLY)])
        hearing = VoicedHearing(PublishedHearing())
        uvloop.run(serve_relay(Engines(hearing=hearing, chat=chat, speaking=PublishedVoice())))
        return
    dialogue()
    alone_on_core(1)
    own = show("relay", ours("latency", "--serve"), asked.calls)
    if asked.without is None:
        for kind in ("smart-turn", "timer"):
            command = pipecat(kind, str(written()))
            others = show(f"pipecat, {kind}", command, asked.calls)
            print(f"{'':20} {others / own:.1f} times the relay's share of a core")


if __name__ == "__main__":
    main()
