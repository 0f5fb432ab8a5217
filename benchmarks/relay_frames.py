"""What a 20 ms frame in and out costs in the relay without models, beside a bare socket echo.

    python benchmarks/relay_frames.py [--calls 100] [--seconds 8] [--search]

The server runs on core 0, the generator on core 1. Every call sends a frame each 20 ms (open loop,
spread over the 20 ms) and gets one: the echo sends it back, the relay speaks all the time. CPU is
what the kernel counted for all threads of the server between two moments, per frame in and out.
`--search` also looks for the most calls at which every frame still came in time. Memory is that of
calls in which nobody speaks, over the process with one such call.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pybase64
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect, ws_create_server

from adapters.scripted import ScriptedChat
from adapters.tokens import call_secret
from core.agents import AgentSpec, Scenario
from core.facts import Direction
from core.media_wire import encode_audio
from core.session import (
    Acknowledged,
    Directives,
    Heartbeat,
    Leg,
    OpenSession,
    Report,
    Session,
)
from core.speech import FRAME_BYTES, HearingConfig, HearingEvent, SpeakingEvent, SpokenAudio, Voice
from media_relay.call_settings import CallSettings, Engines
from media_relay.calls import AdmissionSettings, Calls
from media_relay.catalog import Scene, ToolUse
from media_relay.reporting import ReportSettings
from media_relay.server import RelayServer

KEY = "k" * 40
SCENARIO = Scenario(
    name="bench", start_agent="Ann", agents=(AgentSpec(name="Ann", prompt="", greeting="Hello."),)
)


# --- the server ----------------------------------------------------------------------------------


class Deaf:
    """Ears that cost nothing."""

    async def open(self, config: HearingConfig) -> Deaf:
        return self

    def push(self, pcm: bytes) -> None: ...

    async def events(self) -> AsyncIterator[HearingEvent]:
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class Endless:
    """A voice that never stops, made of one second of sound."""

    async def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        second = os.urandom(FRAME_BYTES * 50)
        while True:
            yield SpokenAudio(pcm=second)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class Brief:
    """A voice that says the same half second whatever it is asked to say."""

    async def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        yield SpokenAudio(pcm=_HALF_SECOND)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


_HALF_SECOND = os.urandom(FRAME_BYTES * 25)


class Plain:
    """A catalog and a control plane that know one agent."""

    async def warm(self, scenario: Scenario) -> None: ...

    async def about(self, leg: Leg) -> dict[str, Any]:
        return {}

    def tools(self, scene: Scene) -> tuple[()]:
        return ()

    def system(self, scene: Scene) -> str:
        return ""

    def greeting(self, scene: Scene, *, returning: bool) -> str:
        return "Hello."

    async def run(self, call: Any, use: ToolUse) -> Any:
        raise NotImplementedError

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        leg = Leg(connection_id="c", direction=Direction.INBOUND, caller="", called="")
        return Session(call_id=call_id, epoch=1, token="t", scenario=SCENARIO, leg=leg)  # noqa: S106

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged:
        return Acknowledged(seq=report.events[-1].seq)

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives:
        return Directives()


async def serve_relay(engines: Engines) -> None:
    """Print the port and serve for ever."""
    plain = Plain()

    async def anybody(_: str | None) -> None: ...

    async with asyncio.TaskGroup() as tasks:
        calls = Calls(
            relay_id="bench",
            control=plain,
            engines=engines,
            catalog=plain,
            tasks=tasks,
            wall_clock=time.time,
            settings=CallSettings(),
            reports=ReportSettings(),
            admission=AdmissionSettings(max_calls=100_000),
            on_change=lambda: None,
        )
        server = RelayServer(calls, verify=anybody, signing_key=KEY, ready=lambda: True)
        print(await server.start("127.0.0.1", 0), flush=True)
        gc.freeze()  # as the relay does once it is warm
        await asyncio.Event().wait()


class Echo(WSListener):
    """The least a media server can do: parse, decode, encode, send."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            message = orjson.loads(frame.get_payload_as_memoryview())
            pcm = pybase64.b64decode(message["audioData"]["data"])
            transport.send(WSMsgType.TEXT, encode_audio(pcm))


async def serve_echo() -> None:
    server = await ws_create_server(lambda _: Echo(), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


# --- the generator -------------------------------------------------------------------------------


class Carrier(WSListener):
    """Counts the frames of one call that come back."""

    def __init__(self) -> None:
        self.got = 0

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        self.got += 1


WARM_UP_S = 2.0


def audio_message(pcm: bytes) -> bytes:
    """Return a frame as the carrier sends it."""
    data = pybase64.b64encode(pcm).decode()
    body = {"timestamp": "2026-01-01T00:00:00.000Z", "data": data, "silent": False}
    return orjson.dumps({"kind": "AudioData", "audioData": body})


async def load(port: int, pid: int, calls: int, seconds: float) -> tuple[float, float]:
    """Return (µs of CPU per frame in and out, share of the frames that came)."""
    message = audio_message(os.urandom(FRAME_BYTES))
    carriers: list[tuple[WSTransport, Carrier]] = []
    slots: list[list[WSTransport]] = [[] for _ in range(20)]
    loop = asyncio.get_running_loop()
    # Those that are connected send already: a silent socket is taken for a dead one.
    connecting = loop.create_task(_connect(port, range(calls), carriers, slots))
    start, tick, cpu, got = loop.time(), 0, 0, 0
    ready = began = ended = 0.0
    while not ended:
        for transport in slots[tick % 20]:
            transport.send(WSMsgType.TEXT, message)
        tick += 1
        now = loop.time() - start
        if not ready and connecting.done():
            connecting.result()
            gc.freeze()
            ready = now
        if ready and not began and now >= ready + WARM_UP_S:
            began, cpu, got = now, cpu_ns(pid), sum(carrier.got for _, carrier in carriers)
        if began and now >= began + seconds:
            ended, cpu = now, cpu_ns(pid) - cpu
            got = sum(carrier.got for _, carrier in carriers) - got
        await asyncio.sleep(max(start + tick * 0.001 - loop.time(), 0))
    for transport, _ in carriers:
        transport.disconnect()
    expected = calls * (ended - began) * 50
    return cpu / 1000 / expected, got / expected


async def _connect(
    port: int,
    numbers: range,
    carriers: list[tuple[WSTransport, Carrier]],
    slots: list[list[WSTransport]],
) -> None:
    for n in numbers:
        path = f"/api/v1/media/stream/c{n}/{call_secret(KEY, 'media', f'c{n}')}"
        transport, listener = await ws_connect(
            Carrier,
            f"ws://127.0.0.1:{port}{path}",
            extra_headers={"x-ms-call-connection-id": "c"},
        )
        carriers.append((transport, listener))  # type: ignore[arg-type]
        slots[n % 20].append(transport)


async def idle_kb(port: int, pid: int, calls: int, seconds: float) -> float:
    """Return KiB of memory per call in which nobody speaks."""
    message = audio_message(bytes(FRAME_BYTES))
    carriers: list[tuple[WSTransport, Carrier]] = []
    slots: list[list[WSTransport]] = [[] for _ in range(20)]
    await _connect(port, range(1), carriers, slots)
    before = rss_kb(pid)
    connecting = asyncio.create_task(_connect(port, range(1, calls + 1), carriers, slots))
    for _ in range(int(seconds * 50)):
        for transport, _ in carriers:
            transport.send(WSMsgType.TEXT, message)
        await asyncio.sleep(0.02)
    await connecting
    return (rss_kb(pid) - before) / calls


def rss_kb(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def cpu_ns(pid: int) -> int:
    """Return what all threads of a process have spent on a CPU."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


@contextmanager
def serving(file: str, kind: str) -> Iterator[tuple[int, int]]:
    """Yield (port, pid) of a server in a process of its own."""
    server = subprocess.Popen(
        [sys.executable, file, "--serve", kind], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield int(server.stdout.readline()), server.pid
    finally:
        server.kill()
        server.wait()


def measure(kind: str, calls: int, seconds: float) -> tuple[float, float]:
    with serving(__file__, kind) as (port, pid):
        return uvloop.run(load(port, pid, calls, seconds))


def most(kind: str) -> int:
    """Return the most calls of which at least 99.5 % of the frames came, to 5 %."""
    low, high = 100, 200
    while measure(kind, high, 4)[1] >= 0.995:
        low, high = high, high * 2
    while high - low > low * 0.05:
        middle = (low + high) // 2
        low, high = (middle, high) if measure(kind, middle, 4)[1] >= 0.995 else (low, middle)
    return low


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--serve", choices=("relay", "echo", "idle"))
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--search", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        os.sched_setaffinity(0, {0})
        speaking = Brief() if asked.serve == "idle" else Endless()
        engines = Engines(hearing=Deaf(), chat=ScriptedChat([]), speaking=speaking)
        uvloop.run(serve_echo() if asked.serve == "echo" else serve_relay(engines))
        return
    os.sched_setaffinity(0, {1})
    for kind in ("echo", "relay"):
        cost, share = measure(kind, asked.calls, asked.seconds)
        line = f"{kind}: {cost:.1f} µs a frame at {asked.calls} calls, {share:.1%} of frames came"
        print(f"{line}, at most {most(kind)} calls a core" if asked.search else line, flush=True)
    with serving(__file__, "idle") as (port, pid):
        kb = uvloop.run(idle_kb(port, pid, asked.calls, asked.seconds))
    print(f"relay: {kb:.0f} KiB of memory a call in which nobody speaks, at {asked.calls} calls")


if __name__ == "__main__":
    main()
