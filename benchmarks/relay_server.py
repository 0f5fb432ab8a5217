"""The relay as it is deployed, with engines that measure it rather than themselves.

    python -m benchmarks.relay_server pass | vad | idle        prints its port

`pass`: every frame of a caller is heard, and said back by the agent's voice: the whole way through
a call, a pass-through as with a speech-to-speech model. `vad`: the same, and the embedded voice
detector hears every call. `idle`: nobody speaks.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import uvloop

from adapters.embedded.hearing import HearingModels, MoonshineHearing
from adapters.mailbox import Mailbox
from adapters.scripted import ScriptedChat
from benchmarks.media_load import KEY
from benchmarks.processes import alone_on_core
from core.agents import AgentSpec, Scenario, SpeechSpec
from core.facts import Direction
from core.ports import HearingStream
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
from media_relay import collector
from media_relay.call_settings import CallSettings, Engines
from media_relay.calls import AdmissionSettings, Calls
from media_relay.catalog import Scene, ToolUse
from media_relay.reporting import ReportSettings
from media_relay.server import RelayServer


class Parrot:
    """Ears and voice of every call: what a call hears it says. Optionally somebody listens in."""

    def __init__(self, listening: MoonshineHearing | None = None) -> None:
        self._listening = listening
        self._boxes: dict[str, Mailbox[SpokenAudio]] = {}

    def box(self, call: str) -> Mailbox[SpokenAudio]:
        """Return what this call has heard and not said yet."""
        return self._boxes.setdefault(call, Mailbox())

    async def open(self, config: HearingConfig) -> ParrotStream:
        listener = None if self._listening is None else await self._listening.open(HearingConfig())
        return ParrotStream(self.box(config.hints[0]), listener)

    def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        return self.box(voice.name).drain()

    async def warm(self) -> None:
        if self._listening is not None:
            await self._listening.warm()

    async def aclose(self) -> None: ...


class ParrotStream:
    """The ears of one call. What the detector finds is taken from it, and interrupts nobody."""

    def __init__(self, box: Mailbox[SpokenAudio], listener: HearingStream | None) -> None:
        self._box = box
        self._listener = listener

    def push(self, pcm: bytes) -> None:
        self._box.put(SpokenAudio(pcm=pcm))
        if self._listener is not None:
            self._listener.push(pcm)

    def finalize(self) -> None: ...

    async def events(self) -> AsyncIterator[HearingEvent]:
        if self._listener is not None:
            async for _ in self._listener.events():
                pass
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def aclose(self) -> None:
        if self._listener is not None:
            await self._listener.aclose()


class Wordless:
    """A recognizer that costs nothing, so that the detector is measured."""

    def transcribe(self, samples: Any, *, stopped: Callable[[], bool]) -> str:
        return ""


def only_detecting(_: object) -> HearingModels:
    """Load the voice detector alone."""
    from adapters.embedded.silero import Silero

    return HearingModels(recognizer=Wordless(), listener=Silero().listener)


class Brief:
    """A voice that says the same half second whatever it is asked to say."""

    async def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        yield SpokenAudio(pcm=_HALF_SECOND)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


_HALF_SECOND = os.urandom(FRAME_BYTES * 25)


class Plain:
    """A catalog and a control plane that know one agent a call, named like the call."""

    async def warm(self, scenario: Scenario) -> None: ...

    async def about(self, leg: Leg) -> dict[str, Any]:
        return {}

    def tools(self, scene: Scene) -> tuple[()]:
        return ()

    def system(self, scene: Scene) -> str:
        return ""

    def voicemail(self, scene: Scene) -> str:
        return ""

    def greeting(self, scene: Scene, *, returning: bool) -> str:
        return "Hello."

    def filled(self, scene: Scene, handoff: Any) -> Any:
        return handoff.context_vars, handoff.farewell

    async def run(self, call: Any, use: ToolUse) -> Any:
        raise NotImplementedError

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        leg = Leg(connection_id="c", direction=Direction.INBOUND, caller="", called="")
        agent = AgentSpec(
            name="Ann",
            prompt="",
            greeting="Hello.",
            voice=Voice(name=call_id),
            speech=SpeechSpec(hints=(call_id,)),
        )
        scenario = Scenario(name="bench", start_agent="Ann", agents=(agent,))
        return Session(call_id=call_id, epoch=1, token="t", scenario=scenario, leg=leg)  # noqa: S106

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged:
        return Acknowledged(seq=report.events[-1].seq)

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives:
        return Directives()


async def serve_relay(engines: Engines) -> None:
    """Print the port and serve for ever."""
    plain = Plain()

    async def anybody(_: str | None) -> None: ...

    await engines.hearing.warm()
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
        collector.come_often()
        await asyncio.Event().wait()


def engines_for(kind: str) -> Engines:
    """Return what measures `kind`."""
    parrot = Parrot(MoonshineHearing(load=only_detecting) if kind == "vad" else None)
    speaking = Brief() if kind == "idle" else parrot
    return Engines(hearing=parrot, chat=ScriptedChat([]), speaking=speaking)


if __name__ == "__main__":
    alone_on_core(0)
    uvloop.run(serve_relay(engines_for(sys.argv[1])))
