"""Telephone calls in real time against a media server: what comes back, how late, at what cost.

Open loop: each call sends a frame every 20 ms whatever comes back, the calls spread over the 20 ms.
A frame carries its number in the lowest bits of its first four samples (-68 dBFS, under any voice
detector's floor), so the way of every single frame is timed and audio stays what it was.
"""

from __future__ import annotations

import asyncio
import gc
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import orjson
import pybase64
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from adapters.tokens import call_secret
from benchmarks.processes import cpu_ns, rss_kb

KEY = "k" * 40
LIMIT_MS = 20.0
_SLOTS = 20  # of 1 ms: a call always sends in the same one
_NUMBERS = 4096
_FIGURES = ("cpu_us", "p50", "p99", "late_p99", "kb_a_call", "behind")
_MARK = 8  # bytes: four samples of a hexadecimal digit each ...
_CHARS = 12  # ... which with one byte of sound are the first characters of base64
_KEY = b'ata":"'  # of the field with the audio, in any spelling
_TIMES = [bytes(b for digit in f"{n:04x}" for b in (int(digit, 16), 0)) for n in range(_NUMBERS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a window came to.

    `cpu_us`: of all threads of the server, per frame in and out. `p50`, `p99`: round trips in ms.
    `late_p99`: how much longer than the same call's quickest frame in the window, which forgives a
    server the delay that it has throughout. `came`: share of the frames that came back. `behind`:
    share of the generator's ticks that were late themselves.
    """

    calls: int
    cpu_us: float
    p50: float
    p99: float
    late_p99: float
    came: float
    kb_a_call: float
    behind: float

    @property
    def in_time(self) -> bool:
        """Whether these were real-time calls."""
        return self.came >= 0.995 and self.late_p99 < LIMIT_MS


def audio_message(pcm: bytes) -> bytes:
    """Return a frame as the carrier sends it."""
    data = pybase64.b64encode(pcm).decode()
    body = {"timestamp": "2026-01-01T00:00:00.000Z", "data": data, "silent": False}
    return orjson.dumps({"kind": "AudioData", "audioData": body})


def audio_of(message: memoryview) -> bytes:
    """Return the first samples of a frame that a server sent; empty for other messages."""
    at = bytes(message[:64]).find(_KEY) + len(_KEY)
    return pybase64.b64decode(message[at : at + _CHARS]) if at >= len(_KEY) else b""


class Script:
    """The messages of a conversation, ready but for their numbers."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        whole = [audio_message(frame) for frame in frames]
        at = whole[0].index(_KEY) + len(_KEY)
        self.head = whole[0][:at]
        self._ninth = [frame[_MARK : _MARK + 1] for frame in frames]
        self._tails = [message[at + _CHARS :] for message in whole]
        self.frames = len(frames)

    def message(self, place: int, number: int) -> bytes:
        """Return the frame at `place`, marked with `number`."""
        mark = pybase64.b64encode(_TIMES[number] + self._ninth[place])
        return self.head + mark + self._tails[place]


class Caller(WSListener):
    """One call: sends its script from a place of its own, and times what comes back."""

    def __init__(self, script: Script, place: int) -> None:
        self.trips = array("d")
        self.got = 0
        self.counting = False
        self._script = script
        self._place = place
        self._number = 0
        self._sent = [0.0] * _NUMBERS
        self._audio_at = 0
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def send(self) -> None:
        """Send the next frame."""
        if self._transport is None:
            return
        number = self._number = (self._number + 1) % _NUMBERS
        self._place = (self._place + 1) % self._script.frames
        message = self._script.message(self._place, number)
        self._sent[number] = time.perf_counter()
        self._transport.send(WSMsgType.TEXT, message)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if not self.counting:
            return
        now = time.perf_counter()
        payload = frame.get_payload_as_memoryview()
        if not self._audio_at:
            self._audio_at = bytes(payload).find(_KEY) + len(_KEY)
        mark = pybase64.b64decode(payload[self._audio_at : self._audio_at + _CHARS])
        number = mark[0] << 12 | mark[2] << 8 | mark[4] << 4 | mark[6]
        if number < _NUMBERS and (sent := self._sent[number]):
            self._sent[number] = 0.0
            self.got += 1
            self.trips.append(now - sent)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.disconnect()


async def connect(port: int, name: str, caller: WSListener) -> WSTransport:
    """Open one call's audio socket."""
    path = f"/api/v1/media/stream/{name}/{call_secret(KEY, 'media', name)}"
    headers = {"x-ms-call-connection-id": "c"}
    transport, _ = await ws_connect(
        lambda: caller, f"ws://127.0.0.1:{port}{path}", extra_headers=headers
    )
    return transport


class Wheel:
    """Turns once in 20 ms and sends a frame of every call, spread over its slots."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.ticks = self.missed = 0
        self._slots: list[list[Caller]] = [[] for _ in range(_SLOTS)]

    def add(self, caller: Caller) -> None:
        """Have one more call send."""
        self._slots[len(self.callers) % _SLOTS].append(caller)
        self.callers.append(caller)

    async def turn(self) -> None:
        """Send until cancelled, on an absolute clock."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for tick in count(1):
            for caller in self._slots[tick % _SLOTS]:
                caller.send()
            ahead = start + tick * 0.02 / _SLOTS - loop.time()
            self.ticks += 1
            self.missed += ahead < -0.01
            await asyncio.sleep(max(ahead, 0))


async def load(
    port: int, pid: int, script: Script, *, calls: int, seconds: float, warm_up_s: float = 1.5
) -> Load:
    """Hold `calls` at once; measure for `seconds` once all of them are connected and warm."""
    wheel = Wheel()
    # Those that are connected send already: a silent socket is taken for a dead one.
    turning = asyncio.create_task(wheel.turn())
    memory = 0
    for n in range(calls):
        caller = Caller(script, n * script.frames // calls)
        try:
            await connect(port, f"c{n}", caller)
        except TimeoutError:  # it has no time left to let anybody in
            turning.cancel()
            return Load(calls=calls, **dict.fromkeys(_FIGURES, float("inf")), came=0.0)
        wheel.add(caller)
        if n == 0:
            await asyncio.sleep(0.5)
            memory = rss_kb(pid)
    gc.freeze()
    await asyncio.sleep(warm_up_s)
    for caller in wheel.callers:
        caller.counting = True
    wheel.ticks = wheel.missed = 0
    cpu, began = cpu_ns(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    cpu, took = cpu_ns(pid) - cpu, time.perf_counter() - began
    kb = (rss_kb(pid) - memory) / max(calls - 1, 1)
    turning.cancel()
    await asyncio.sleep(0.05)
    for caller in wheel.callers:
        caller.close()
    trips = [caller.trips for caller in wheel.callers if caller.trips]
    late = sorted(trip - least for times in trips for least in [min(times)] for trip in times)
    every = sorted(trip for times in trips for trip in times)
    expected = calls * took * 50
    return Load(
        calls=calls,
        cpu_us=cpu / 1000 / expected,
        p50=_ms(every, 0.5),
        p99=_ms(every, 0.99),
        late_p99=_ms(late, 0.99),
        came=len(every) / expected,
        kb_a_call=kb,
        behind=wheel.missed / max(wheel.ticks, 1),
    )


def _ms(seconds: Sequence[float], share: float) -> float:
    return seconds[int(len(seconds) * share)] * 1000 if seconds else float("inf")
