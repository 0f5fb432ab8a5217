"""What a 20 ms frame in and out costs in the relay without models, beside a bare socket echo.

    python benchmarks/relay_frames.py [--calls 100] [--seconds 8] [--search]

The server runs on core 0, the generator on core 1. Every call sends a frame each 20 ms (open loop,
spread over the 20 ms) and gets one: the echo sends it back, the relay speaks all the time. CPU is
what the kernel counted for all threads of the server between two moments, per frame in and out.
`--search` also looks for the most calls at which every frame still came in time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
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


async def serve_relay() -> None:
    plain = Plain()

    async def anybody(_: str | None) -> None: ...

    async with asyncio.TaskGroup() as tasks:
        calls = Calls(
            relay_id="bench",
            control=plain,
            engines=Engines(hearing=Deaf(), chat=ScriptedChat([]), speaking=Endless()),
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


async def load(port: int, pid: int, calls: int, seconds: float) -> tuple[float, float]:
    """Return (µs of CPU per frame in and out, share of the frames that came)."""
    data = pybase64.b64encode(os.urandom(FRAME_BYTES)).decode()
    body = {"timestamp": "2026-01-01T00:00:00.000Z", "data": data, "silent": False}
    message = orjson.dumps({"kind": "AudioData", "audioData": body})
    carriers: list[tuple[WSTransport, Carrier]] = []
    slots: list[list[WSTransport]] = [[] for _ in range(20)]
    loop = asyncio.get_running_loop()
    # Those that are connected send already: a silent socket is taken for a dead one.
    connecting = loop.create_task(_connect(port, calls, carriers, slots))
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
    calls: int,
    carriers: list[tuple[WSTransport, Carrier]],
    slots: list[list[WSTransport]],
) -> None:
    for n in range(calls):
        path = f"/api/v1/media/stream/c{n}/{call_secret(KEY, 'media', f'c{n}')}"
        transport, listener = await ws_connect(
            Carrier,
            f"ws://127.0.0.1:{port}{path}",
            extra_headers={"x-ms-call-connection-id": "c"},
        )
        carriers.append((transport, listener))  # type: ignore[arg-type]
        slots[n % 20].append(transport)


def cpu_ns(pid: int) -> int:
    """Return what all threads of a process have spent on a CPU."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def measure(kind: str, calls: int, seconds: float) -> tuple[float, float]:
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", kind], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        return uvloop.run(load(port, server.pid, calls, seconds))
    finally:
        server.kill()
        server.wait()


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
    parser.add_argument("--serve", choices=("relay", "echo"))
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--search", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        os.sched_setaffinity(0, {0})
        uvloop.run(serve_relay() if asked.serve == "relay" else serve_echo())
        return
    os.sched_setaffinity(0, {1})
    for kind in ("echo", "relay"):
        cost, share = measure(kind, asked.calls, asked.seconds)
        line = f"{kind}: {cost:.1f} µs a frame at {asked.calls} calls, {share:.1%} of frames came"
        print(f"{line}, at most {most(kind)} calls a core" if asked.search else line, flush=True)


if __name__ == "__main__":
    main()
