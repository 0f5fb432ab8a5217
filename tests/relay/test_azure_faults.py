"""Azure Speech fails in the middle of real calls, in every way: the caller hears words."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count, repeat
from typing import Any

import pytest

from adapters.azure_speech import AzureHearing, AzureSpeaking
from adapters.fallback import HearingChain, SpeakingChain
from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, spoken
from adapters.voiced import VoicedHearing
from core.agents import SpeechSpec
from core.errors import Cause
from core.facts import EngineStumbled, HangUpRequested
from core.ports import Hearing, HearingStream
from core.session import OpenSession, Session
from core.speech import HearingConfig, SpeakingEvent, Voice
from localdev.emulators.azure_speech import Fault, Hang, SpeechEmulator
from media_relay.call_settings import CallSettings
from tests.engines.azure_service import BEGUN, DEAF, MUTE, account_at
from tests.engines.test_voiced import LevelListener
from tests.relay.calls import MemoryControl, agent, scenario
from tests.relay.stations import Carrier, Station, frame, relaying

SILENCE = bytes(640)
HELLO = spoken("Hello there.") + SILENCE * 40
AGAIN = 100  # frames, until who insists says it again
CONNECT_S = 2.0  # of a service that never answers
AUDIO_S = 1.0  # as well
PATIENCE_S = 60.0  # the SDK tries again before it tells of a refusal
PATIENT = CallSettings(speak_s=PATIENCE_S)
UNHEARD = {**DEAF, Hang(connected=False): Cause.TIMEOUT}


class OwnAgents(MemoryControl):
    """Gives every call an agent whose hint and voice are the call's id."""

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        opened = await super().open_session(call_id, request)
        own = agent("Ann", greeting="Good morning.", speech=SpeechSpec(hints=(call_id,)))
        return replace(opened, scenario=scenario(replace(own, voice=Voice(name=call_id))))


@dataclass
class OwnEars:
    """Hears every call with an engine of its own."""

    engines: Mapping[str, Hearing]

    async def open(self, config: HearingConfig) -> HearingStream:
        return await self.engines[config.hints[0]].open(config)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


@dataclass
class OwnVoice:
    """Speaks in every call with an engine of its own."""

    engines: Mapping[str, Any]
    written: bool = False

    def streams_text(self, voice: Voice) -> bool:
        return self.written

    def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        return self.engines[voice.name].speak(text, voice)

    def speak_written(
        self, texts: AsyncIterator[str], voice: Voice
    ) -> AsyncIterator[SpeakingEvent]:
        return self.engines[voice.name].speak_written(texts, voice)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


def ears_of(service: SpeechEmulator, fault: Fault) -> AzureHearing:
    """Return Azure's ears, patient with all but a service that never answers."""
    hangs = fault == Hang(connected=False)
    return AzureHearing(account_at(service), connect_s=CONNECT_S if hangs else PATIENCE_S)


def voice_of(service: SpeechEmulator, fault: Fault, *, streams_text: bool = False) -> AzureSpeaking:
    """Return Azure's voice, patient with all but a service that never answers."""
    audio_s = AUDIO_S if isinstance(fault, Hang) else PATIENCE_S
    return AzureSpeaking(account_at(service), audio_s=audio_s, streams_text=streams_text)


def names(faults: Mapping[Fault, Cause]) -> dict[str, Fault]:
    return {f"call-{n}": fault for n, fault in enumerate(faults)}


async def emulated(stack: AsyncExitStack, fault: Fault) -> SpeechEmulator:
    """Return a service with this fault in each of its connections."""
    service = SpeechEmulator(hearing_faults=repeat(fault), speaking_faults=repeat(fault))
    return await stack.enter_async_context(service)


@asynccontextmanager
async def talking(
    carrier: Carrier, words: bytes = HELLO, *, insisting: bool = False, every: int = AGAIN
) -> AsyncIterator[None]:
    """Say a sentence, and be silent in real time after it; who insists says it again and again.

    `every`: so many frames.
    """

    async def microphone() -> None:
        with suppress(ConnectionResetError):
            for n in count():
                if n == 0 or (insisting and n % every == 0):
                    await carrier.says(words)
                await carrier.send(frame(SILENCE))
                await asyncio.sleep(0.02)

    task = asyncio.create_task(microphone())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def echo(request: Any) -> str:
    return f"You said {request.messages[-1].text}"


async def test_a_caller_whom_azure_cannot_hear_is_told_so_whatever_went_wrong() -> None:
    async def call(station: Station, name: str) -> tuple[Cause, str]:
        async with station.dialled(name) as carrier, talking(carrier):
            await carrier.hears("technical problem")
            ended = await station.control.until(HangUpRequested, name)
        assert ended.by == "fault"
        stumbled = station.control.facts(EngineStumbled, name)
        assert {each.engine for each in stumbled} == {"hearing"}
        return Cause(stumbled[-1].cause), carrier.words

    async with AsyncExitStack() as stack:
        ears = {}
        for name, fault in names(UNHEARD).items():
            service = await emulated(stack, fault)
            ears[name] = ears_of(service, fault)
            stack.push_async_callback(ears[name].aclose)
        control = OwnAgents(scenario())
        async with relaying(hearing=OwnEars(ears), control=control) as station:
            came = await asyncio.gather(*(call(station, name) for name in ears))

    assert dict(zip(UNHEARD, (cause for cause, _ in came), strict=True)) == UNHEARD
    assert all(words.startswith("Good morning.") for _, words in came)


async def test_other_ears_understand_what_azure_did_not_whatever_went_wrong() -> None:
    async def call(station: Station, name: str) -> None:
        async with station.dialled(name) as carrier, talking(carrier):
            await carrier.hears("You said Hello there.")
            stumbled = await station.control.until(EngineStumbled, name)
        assert stumbled.engine == "hearing"

    async with AsyncExitStack() as stack:
        ears = {}
        for name, fault in names(UNHEARD).items():
            service = await emulated(stack, fault)
            azure = ears_of(service, fault)
            stack.push_async_callback(azure.aclose)
            ears[name] = HearingChain([("azure", azure), ("spare", ScriptedHearing())])
        control, chat = OwnAgents(scenario()), ScriptedChat(echo)
        async with relaying(hearing=OwnEars(ears), chat=chat, control=control) as station:
            await asyncio.gather(*(call(station, name) for name in ears))


async def test_other_ears_replace_a_service_that_takes_all_and_tells_nothing() -> None:
    async with AsyncExitStack() as stack:
        service = await emulated(stack, Hang())
        azure = AzureHearing(account_at(service))
        stack.push_async_callback(azure.aclose)
        detecting = VoicedHearing(azure, load=lambda: LevelListener)
        ears = HearingChain([("azure", detecting), ("spare", ScriptedHearing())])
        async with relaying(hearing=ears, chat=ScriptedChat(echo)) as station:
            async with station.dialled() as carrier:
                await service.hears.wait()
                async with talking(carrier, words=SILENCE):
                    await carrier.hears("Hi.")
                async with talking(carrier, insisting=True):
                    await carrier.hears("You said")
            stumbled = station.control.facts(EngineStumbled)

    assert [(each.engine, each.cause) for each in stumbled] == [("hearing", Cause.TIMEOUT)]


async def test_another_voice_says_what_azure_could_not_whatever_went_wrong() -> None:
    async def call(station: Station, name: str, fault: Fault) -> None:
        # Who was heard already is not repeated.
        said = "something went wrong" if fault in BEGUN else "Good morning."
        async with station.dialled(name) as carrier, talking(carrier, words=b""):
            await carrier.hears(said)
            await station.control.until(EngineStumbled, name)
        stumbled = station.control.facts(EngineStumbled, name)[0]
        assert (stumbled.engine, stumbled.cause) == ("speaking", MUTE[fault])

    async with AsyncExitStack() as stack:
        voices = {}
        for name, fault in names(MUTE).items():
            service = await emulated(stack, fault)
            azure = voice_of(service, fault)
            stack.push_async_callback(azure.aclose)
            spare = ScriptedSpeaking(ms_per_char=10)
            voices[name] = SpeakingChain([("azure", azure), ("spare", spare)], first_s=PATIENCE_S)
        control = OwnAgents(scenario())
        relay = relaying(speaking=OwnVoice(voices), control=control, settings=PATIENT)
        async with relay as station:
            calls = names(MUTE).items()
            await asyncio.gather(*(call(station, name, fault) for name, fault in calls))


@pytest.mark.parametrize("written", [False, True], ids=["by clauses", "while it is written"])
async def test_a_call_without_any_voice_ends_and_says_why_in_its_log(written: bool) -> None:
    async def call(station: Station, name: str) -> Cause:
        async with station.dialled(name) as carrier, talking(carrier, words=b""):
            ended = await station.control.until(HangUpRequested, name)
        assert ended.by == "fault"
        return Cause(station.control.facts(EngineStumbled, name)[0].cause)

    async with AsyncExitStack() as stack:
        voices = {}
        for name, fault in names(MUTE).items():
            service = await emulated(stack, fault)
            voices[name] = voice_of(service, fault, streams_text=written)
            stack.push_async_callback(voices[name].aclose)
        control = OwnAgents(scenario())
        relay = relaying(speaking=OwnVoice(voices, written), control=control, settings=PATIENT)
        async with relay as station:
            causes = await asyncio.gather(*(call(station, name) for name in voices))

    assert dict(zip(MUTE, causes, strict=True)) == MUTE
