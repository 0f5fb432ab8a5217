"""A call in virtual time: scripted engines, a caller who speaks text, a control plane in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, decode_spoken, spoken
from core.agents import AgentSpec, Edge, HandoffType, Scenario, TransferTarget
from core.facts import Direction, LogEntry
from core.handoff import Accepted
from core.measured import Telemetry
from core.session import (
    Acknowledged,
    Directive,
    Directives,
    Heartbeat,
    Leg,
    OpenSession,
    Report,
    Session,
)
from core.speech import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, Voice
from core.tools import ToolCall, ToolResult, ToolSpec
from core.turn import Floor
from media_relay.call_settings import CallSettings, Engines
from media_relay.catalog import Scene, ToolUse
from media_relay.control_plane import ControlRefused, ControlUnavailable
from media_relay.measuring import CallMeter, call_attributes
from media_relay.reporting import Reporter
from media_relay.session import CallSession

SILENCE = bytes(FRAME_BYTES)


class MemoryControl:
    """A control plane with a log; `down` makes it unreachable."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.logs: dict[str, list[LogEntry]] = {}
        self.epochs: dict[str, int] = {}
        self.down = False
        self.directives: tuple[Directive, ...] = ()
        self.beats: list[Heartbeat] = []
        self._changed = asyncio.Condition()

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        if self.down:
            raise ControlUnavailable
        if request.connection_id.startswith("foreign"):
            raise ControlRefused(409)
        epoch = self.epochs[call_id] = self.epochs.get(call_id, 0) + 1
        return Session(
            call_id=call_id,
            epoch=epoch,
            token="token",
            scenario=self.scenario,
            leg=Leg(
                connection_id=request.connection_id,
                direction=Direction.INBOUND,
                caller="+15550100",
                called="+15550199",
            ),
            log=tuple(self.logs.get(call_id, ())),
            recording=self.scenario.recording,
        )

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged:
        if self.down:
            raise ControlUnavailable
        log = self.logs.setdefault(call_id, [])
        known = {(entry.source, entry.source_id) for entry in log}
        source = f"{call_id}/{report.epoch}"
        newest = report.epoch == self.epochs.get(call_id, report.epoch)
        for event in report.events:
            if (source, str(event.seq)) not in known:
                log.append(
                    LogEntry(
                        n=len(log) + 1,
                        at=event.at,
                        source=source,
                        source_id=str(event.seq),
                        fact=event.fact,
                        late=not newest,
                    )
                )
        async with self._changed:
            self._changed.notify_all()
        return Acknowledged(seq=report.events[-1].seq, superseded=not newest)

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives:
        if self.down:
            raise ControlUnavailable
        self.beats.append(beat)
        self.directives = tuple(d for d in self.directives if d.id not in beat.acknowledged)
        return Directives(directives=self.directives)

    def facts[F](self, kind: type[F], call_id: str = "call") -> list[F]:
        return [e.fact for e in self.logs.get(call_id, ()) if isinstance(e.fact, kind)]

    async def until(self, kind: type[Any], call_id: str = "call", *, count: int = 1) -> Any:
        """Wait until so many facts of a kind are in the log; return the last of them."""
        async with asyncio.timeout(120), self._changed:
            await self._changed.wait_for(lambda: len(self.facts(kind, call_id)) >= count)
        return self.facts(kind, call_id)[-1]


class ListeningWire:
    """The far side: plays in real time, records what the caller heard and when.

    `clogged`: (from, until) when the network takes nothing.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._plays_until = 0.0
        self.clogged: list[tuple[float, float]] = []
        self.audio: list[tuple[float, bytes]] = []  # (when it sounds, frame)
        self.sent_at: list[float] = []
        self.stops: list[float] = []
        self.closed = ""

    def send_audio(self, pcm: bytes) -> bool:
        now = self._loop.time()
        if any(begin <= now < end for begin, end in self.clogged):
            return False
        self.sent_at.append(now)
        at = max(now, self._plays_until)
        self.audio.append((at, pcm))
        self._plays_until = at + FRAME_MS / 1000
        return True

    def stop_audio(self) -> None:
        now = self._loop.time()
        self.stops.append(now)
        self.audio = [(at, pcm) for at, pcm in self.audio if at < now]
        self._plays_until = now

    def close(self, reason: str) -> None:
        self.closed = self.closed or reason

    def heard(self, *, since: float = 0.0) -> str:
        pcm = b"".join(pcm for at, pcm in self.audio if since <= at <= self._loop.time())
        return " ".join(text for _, text in decode_spoken(pcm))


@dataclass
class PlainCatalog:
    """Agents whose prompts are their source; tools are functions of arguments."""

    specs: Mapping[str, ToolSpec] = field(default_factory=dict)
    runs: Mapping[str, Callable[[Mapping[str, Any], ToolUse], Any]] = field(default_factory=dict)
    uses: list[tuple[str, ToolUse]] = field(default_factory=list)
    known: Mapping[str, Any] = field(default_factory=dict)

    async def warm(self, scenario: Scenario) -> None: ...

    async def about(self, leg: Leg) -> Mapping[str, Any]:
        return self.known

    def tools(self, scene: Scene) -> tuple[ToolSpec, ...]:
        mine = [self.specs[name] for name in scene.agent.tools]
        edges = [
            ToolSpec(name=edge.tool, description="hand over", parameters={})
            for edge in scene.scenario.edges_from(scene.agent.name)
        ]
        return (*mine, *edges)

    def system(self, scene: Scene) -> str:
        return scene.agent.prompt

    def greeting(self, scene: Scene, *, returning: bool) -> str:
        return scene.agent.return_greeting if returning else scene.agent.greeting

    def filled(self, scene: Scene, handoff: Accepted) -> tuple[Mapping[str, Any], str]:
        return handoff.context_vars, handoff.farewell

    def voicemail(self, scene: Scene) -> str:
        return scene.agent.voicemail_message

    async def run(self, call: ToolCall, use: ToolUse) -> ToolResult:
        self.uses.append((call.name, use))
        answer = self.runs[call.name](call.arguments, use)
        result = await answer if asyncio.iscoroutine(answer) else answer
        return result if isinstance(result, ToolResult) else ToolResult(text=str(result))


def agent(name: str, **fields: Any) -> AgentSpec:
    return AgentSpec(
        name=name,
        prompt=f"You are {name}.",
        greeting=fields.pop("greeting", f"Hello from {name}."),
        voice=Voice(name=f"voice of {name}"),
        **fields,
    )


def scenario(*agents: AgentSpec, edges: Sequence[Edge] = (), **fields: Any) -> Scenario:
    agents = agents or (agent("Ann"),)
    return Scenario(
        name="test",
        start_agent=agents[0].name,
        agents=agents,
        edges=tuple(edges),
        transfer_targets=(TransferTarget(name="desk"),),
        **fields,
    )


def edge(from_agent: str, to_agent: str, kind: HandoffType, **fields: Any) -> Edge:
    tool = f"handoff_{to_agent.lower()}"
    return Edge(from_agent=from_agent, to_agent=to_agent, tool=tool, type=kind, **fields)


PLAIN = scenario()
DEFAULTS = CallSettings()


@dataclass
class LiveCall:
    """A call that is going on, seen from the caller's side."""

    session: CallSession
    control: MemoryControl
    wire: ListeningWire
    chat: ScriptedChat
    speaking: ScriptedSpeaking
    hearing: ScriptedHearing
    catalog: PlainCatalog
    call_id: str
    ended: asyncio.Future[str]
    _sound: bytearray = field(default_factory=bytearray)
    frames: int = 0

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def heard(self) -> str:
        return self.wire.heard()

    def facts[F](self, kind: type[F]) -> list[F]:
        return self.control.facts(kind, self.call_id)

    async def until(self, kind: type[Any], *, count: int = 1) -> Any:
        return await self.control.until(kind, self.call_id, count=count)

    def says(self, text: str, *, ms: int | None = None) -> None:
        """Begin to say something, in real time."""
        self._sound += spoken(text, ms=ms)

    def makes_noise(self, ms: int) -> None:
        """Begin to make a sound without words."""
        self._sound += b"\x00\x20" * (ms * BYTES_PER_MS // 2)

    async def after(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)

    async def silence(self) -> None:
        """Wait until the agent listens."""
        while self.session.floor is not Floor.LISTENING or self._sound:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # virtual: the clock jumps

    async def microphone(self) -> None:
        """Send 20 ms of sound or silence every 20 ms, as a telephone does."""
        loop = asyncio.get_running_loop()
        start, frame = loop.time(), 0
        while True:
            sound, self._sound = bytes(self._sound[:FRAME_BYTES]), self._sound[FRAME_BYTES:]
            self.session.on_audio(sound.ljust(FRAME_BYTES, b"\0") or SILENCE, f"{loop.time():.3f}")
            frame += 1
            self.frames = frame
            await asyncio.sleep(start + frame * 0.02 - loop.time())


@asynccontextmanager
async def calling(
    replies: Any = (),
    *,
    scenario: Scenario = PLAIN,
    catalog: PlainCatalog | None = None,
    control: MemoryControl | None = None,
    speaking: ScriptedSpeaking | None = None,
    hearing: ScriptedHearing | None = None,
    settings: CallSettings = DEFAULTS,
    call_id: str = "call",
    talks: bool = True,
    hearing_tries: int = 2,
    telemetry: Telemetry | None = None,
):
    """Hold a call; when the block ends it is let go of, and nothing of it may be left."""
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    control = control or MemoryControl(scenario)
    opened = await control.open_session(call_id, OpenSession(relay_id="r", connection_id="c"))
    reporter = Reporter(
        control,
        call_id=call_id,
        epoch=opened.epoch,
        token=opened.token,
        wall_clock=loop.time,
        on_superseded=lambda: session.end("superseded"),
    )
    meter = telemetry and CallMeter(
        telemetry.call(call_id, call_attributes(opened)), wall_clock=loop.time
    )
    wire = ListeningWire()
    chat = replies if hasattr(replies, "stream") else ScriptedChat(replies)
    speaking = speaking or ScriptedSpeaking()
    hearing = hearing or ScriptedHearing()
    catalog = catalog or PlainCatalog()
    session = CallSession(
        opened,
        wire=wire,
        engines=Engines(hearing=hearing, chat=chat, speaking=speaking, hearing_tries=hearing_tries),
        catalog=catalog,
        reporter=reporter,
        settings=settings,
        meter=meter,
    )
    telling = asyncio.create_task(reporter.run())
    life = asyncio.create_task(session.run())
    call = LiveCall(
        session,
        control,
        wire,
        chat,
        speaking,
        hearing,
        catalog,
        call_id,
        asyncio.ensure_future(life),
    )
    microphone = asyncio.create_task(call.microphone() if talks else asyncio.sleep(0))
    try:
        yield call
    finally:
        microphone.cancel()
        session.end("test is over")
        await asyncio.wait([life, microphone])
        reporter.close()
        await asyncio.wait([telling])
        await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before | {asyncio.current_task()}
        reason = life.result()
        telling.result()
        if meter is not None:
            meter.end(reason)


def told(kind: Any, ref: str = "", **words: Any) -> Directive:
    """Return a directive for the call of these tests."""
    return Directive(id=f"{kind}:{ref}", call_id="call", kind=kind, ref=ref, **words)
