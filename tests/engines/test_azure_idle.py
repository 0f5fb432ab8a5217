"""A synthesizer that nobody used for long is not trusted: its connection may be dead, untold."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.azure_speech import AzureSpeaking
from adapters.scripted import decode_spoken
from core.facts import EngineStumbled
from core.speech import SpokenAudio, Voice
from localdev.emulators.azure_speech import Hang, SpeechEmulator
from tests.engines.azure_service import account_at, until
from tests.relay.stations import relaying


@asynccontextmanager
async def voice_at(service: SpeechEmulator, **how: float) -> AsyncIterator[AzureSpeaking]:
    speaking = AzureSpeaking(account_at(service), **how)  # type: ignore[arg-type]
    try:
        yield speaking
    finally:
        await speaking.aclose()


async def said(speaking: AzureSpeaking, text: str, voice: Voice | None = None) -> str:
    pcm = b""
    async with asyncio.timeout(60):
        async for event in speaking.speak(text, voice or Voice()):
            pcm += event.pcm if isinstance(event, SpokenAudio) else b""
    return " ".join(text for _, text in decode_spoken(pcm))


async def renewed(service: SpeechEmulator) -> None:
    """Wait until the first connection was let go of, and another one is open."""
    await until(lambda: service.spoke and service.spoke[0].closed.is_set())
    await until(lambda: any(each.config and not each.closed.is_set() for each in service.spoke))


async def test_a_voice_that_waited_for_long_speaks_through_a_fresh_connection() -> None:
    async with SpeechEmulator(speaking_faults=[Hang()]) as service:
        async with voice_at(service, idle_s=0.3) as speaking:
            await speaking.warm()
            await renewed(service)
            words = await said(speaking, "Hello.")
        assert not service.spoke[0].turns

    assert words == "Hello."
    assert all(each.closed.is_set() for each in service.spoke)


async def test_a_greeting_after_a_long_silence_is_heard_at_once() -> None:
    faults = [Hang()]
    async with (
        SpeechEmulator(speaking_faults=faults) as service,
        voice_at(service, idle_s=0.3) as speaking,
    ):
        await speaking.warm()
        await renewed(service)
        async with relaying(speaking=speaking) as station, station.dialled() as carrier:
            await carrier.hears("Hi.")
        stumbled = station.control.facts(EngineStumbled)

    assert stumbled == []


async def test_only_the_kinds_used_last_are_kept_ready() -> None:
    voices = [Voice(type="azure-custom", endpoint_id=f"deployment-{n}") for n in range(4)]
    async with SpeechEmulator() as service, voice_at(service, idle_s=0.3) as speaking:
        for voice in voices:
            await said(speaking, "Hello.", voice)
        before = len(service.spoke)
        await until(lambda: len(service.spoke) >= before + 6)
        later = {each.query["deploymentId"] for each in service.spoke[before + 4 :]}

    assert later == {"deployment-2", "deployment-3"}


async def test_what_waited_beside_a_connection_that_was_dead_is_not_trusted_either() -> None:
    faults = [Hang(), Hang()]
    async with SpeechEmulator(speaking_faults=faults) as service, voice_at(service) as speaking:
        await speaking.warm()
        await until(lambda: service.spoke and service.spoke[0].config)
        clause = asyncio.ensure_future(said(speaking, "Hello."))
        await until(lambda: len(service.spoke) > 1 and service.spoke[1].config)
        await asyncio.wait({clause}, timeout=1.2)  # the relay waits longer
        clause.cancel()
        await asyncio.wait({clause})
        words = await said(speaking, "Hello again.")

    assert words == "Hello again."
