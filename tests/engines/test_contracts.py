"""What every engine owes a call, whoever made it: order, silence after an end, nothing left."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from adapters.azure_speech import AzureHearing, AzureSpeaking, SpeechAccount
from adapters.embedded.hearing import MoonshineHearing
from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.voices import caller_voice
from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.ports import Hearing, Speaking
from core.speech import (
    FinalHeard,
    HearingConfig,
    HearingEvent,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    SpokenAudio,
    Voice,
)
from localdev.emulators.azure_speech import SpeechEmulator

SECOND = bytes(32_000)


@asynccontextmanager
async def scripted() -> AsyncIterator[tuple[Hearing, Speaking]]:
    yield ScriptedHearing(), ScriptedSpeaking()


@asynccontextmanager
async def embedded() -> AsyncIterator[tuple[Hearing, Speaking]]:
    yield MoonshineHearing(), PiperSpeaking(audio_s=120)


@asynccontextmanager
async def azure() -> AsyncIterator[tuple[Hearing, Speaking]]:
    """The real SDK against a service on the loopback."""
    async with SpeechEmulator() as service:
        account = SpeechAccount(endpoint=service.url, key="k" * 32)
        yield AzureHearing(account), AzureSpeaking(account)


@pytest.fixture(
    params=[
        pytest.param(scripted, id="scripted"),
        pytest.param(azure, id="azure"),
        pytest.param(embedded, id="embedded", marks=pytest.mark.audio),
    ]
)
async def engines(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Hearing, Speaking]]:
    """A pair that understands each other."""
    threads = set(threading.enumerate())
    async with request.param() as (hearing, speaking):
        yield hearing, speaking
        await hearing.aclose()
        await speaking.aclose()
    # The test runner's own tasks are the only ones left; a server's may be taking their last step.
    left = [task for task in asyncio.all_tasks() if "TestRunner" not in repr(task.get_coro())]
    if left:
        await asyncio.wait(left, timeout=60)
    assert [task for task in left if not task.done()] == []
    ours = {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}
    assert ours <= threads


async def audio_of(speaking: Speaking, text: str, voice: Voice | None = None) -> bytes:
    events = [event async for event in speaking.speak(text, voice or caller_voice())]
    return b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))


async def finals(events: AsyncIterator[HearingEvent], count: int) -> list[HearingEvent]:
    seen: list[HearingEvent] = []
    async with asyncio.timeout(60):
        while sum(isinstance(event, FinalHeard) for event in seen) < count:
            seen.append(await anext(events))
    return seen


async def test_hearing_tells_start_partials_stop_and_words_in_this_order(
    engines: tuple[Hearing, Speaking],
) -> None:
    hearing, speaking = engines
    speech = await audio_of(speaking, "What is my balance?")
    stream = await hearing.open(HearingConfig())

    stream.push(SECOND + speech + SECOND + speech + SECOND)
    events = await finals(stream.events(), 2)
    await stream.aclose()

    kinds = [type(event) for event in events if not isinstance(event, PartialHeard)]
    assert kinds.count(SpeechStarted) == kinds.count(SpeechStopped) == 2
    first = next(event for event in events if isinstance(event, FinalHeard))
    assert "balance" in first.text
    assert events[0] == SpeechStarted(at_ms=first.start_ms)
    assert 900 < first.start_ms < first.end_ms < first.decided_ms
    ends = [event.end_ms for event in events if isinstance(event, FinalHeard)]
    assert ends == sorted(ends)


async def test_silence_is_not_an_event_and_a_closed_stream_ends_its_events(
    engines: tuple[Hearing, Speaking],
) -> None:
    hearing, _ = engines
    stream = await hearing.open(HearingConfig())

    stream.push(SECOND * 3)
    await stream.aclose()
    stream.push(SECOND)

    assert [event async for event in stream.events()] == []


async def test_a_closed_stream_stays_silent_even_about_what_it_was_hearing(
    engines: tuple[Hearing, Speaking],
) -> None:
    hearing, speaking = engines
    speech = await audio_of(speaking, "What is my balance?")
    stream = await hearing.open(HearingConfig())

    stream.push(speech + SECOND)
    await stream.aclose()

    assert [event async for event in stream.events()] == []


async def test_speech_is_whole_samples_and_longer_texts_are_longer(
    engines: tuple[Hearing, Speaking],
) -> None:
    _, speaking = engines

    short = await audio_of(speaking, "Yes.", Voice())
    long = await audio_of(speaking, "Your checking account holds ten dollars.", Voice())

    assert len(short) % 2 == len(long) % 2 == 0
    assert 0 < len(short) < len(long)


async def test_a_text_without_letters_is_no_sound_and_no_failure(
    engines: tuple[Hearing, Speaking],
) -> None:
    _, speaking = engines

    assert await audio_of(speaking, ":) ...") == b""


async def test_speech_that_was_cut_is_not_heard_in_what_comes_next(
    engines: tuple[Hearing, Speaking],
) -> None:
    _, speaking = engines
    alone = await audio_of(speaking, "Yes.")

    async with aclosing(speaking.speak("This is a long sentence.", Voice())) as stream:  # type: ignore[type-var]
        await anext(stream)
    after = await audio_of(speaking, "Yes.")

    assert after == alone


async def test_a_clause_that_is_called_off_before_its_first_sound_is_gone(
    engines: tuple[Hearing, Speaking],
) -> None:
    _, speaking = engines
    await speaking.warm()
    first = asyncio.ensure_future(audio_of(speaking, "A very long sentence indeed, my friend."))
    await asyncio.wait({first}, timeout=0)

    first.cancel()
    after = await audio_of(speaking, "Yes.")

    assert after
    with pytest.raises(asyncio.CancelledError):
        await first
