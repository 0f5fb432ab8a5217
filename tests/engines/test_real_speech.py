"""The embedded models on real audio: what Piper says, Moonshine understands."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest

from adapters.embedded.hearing import MoonshineHearing
from adapters.embedded.moonshine import Moonshine
from adapters.embedded.pcm import samples_of
from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.voices import caller_voice
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

pytestmark = pytest.mark.audio

SECOND = bytes(32_000)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def hearing() -> AsyncIterator[MoonshineHearing]:
    engine = MoonshineHearing()
    yield engine
    await engine.aclose()


@pytest.fixture(scope="module")
async def speaking() -> AsyncIterator[PiperSpeaking]:
    engine = PiperSpeaking(audio_s=120)
    yield engine
    await engine.aclose()


async def say(engine: PiperSpeaking, text: str, voice: Voice) -> bytes:
    events = [event async for event in engine.speak(text, voice)]
    return b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))


async def hear(engine: MoonshineHearing, pcm: bytes) -> list[HearingEvent]:
    stream = await engine.open(HearingConfig())
    for at in range(0, len(pcm), 640):
        stream.push(pcm[at : at + 640])
    events: list[HearingEvent] = []
    async with asyncio.timeout(120):
        async for event in stream.events():
            events.append(event)
            if isinstance(event, FinalHeard):
                break
    await stream.aclose()
    return events


def words(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower())


async def test_of_many_calls_at_once_each_hears_its_own_words_and_no_sample_else(
    speaking: PiperSpeaking,
) -> None:
    texts = ["Hello, Maria.", "Goodbye, Peter.", "It is ten.", "Your card ends in four."]
    alone = [await say(speaking, text, caller_voice()) for text in texts]

    async def interrupts() -> None:
        async with aclosing(speaking.speak("One. Two. Three. Four.", caller_voice())) as story:
            await anext(story)

    talks = [say(speaking, text, caller_voice()) for text in texts]
    *together, _ = await asyncio.gather(*talks, interrupts())

    assert together == alone
    assert len(set(alone)) == len(texts)


@pytest.mark.parametrize(
    "sentence",
    ["What is the balance of my savings account?", "I want to speak to a person.", "Yes, please."],
)
async def test_a_caller_is_understood_word_for_word(
    hearing: MoonshineHearing, speaking: PiperSpeaking, sentence: str
) -> None:
    speech = await say(speaking, sentence, caller_voice())

    events = await hear(hearing, SECOND + speech + SECOND)

    kinds = [type(event) for event in events if not isinstance(event, PartialHeard)]
    assert kinds == [SpeechStarted, SpeechStopped, FinalHeard]
    final = events[-1]
    assert isinstance(final, FinalHeard)
    assert words(final.text) == words(sentence)
    assert final.start_ms == pytest.approx(1_000, abs=150)
    assert final.decided_ms - final.end_ms == pytest.approx(400, abs=32)


async def test_an_agent_speaks_faster_and_higher_when_told_to(speaking: PiperSpeaking) -> None:
    text = "Your checking account holds two thousand dollars."

    plain = await say(speaking, text, Voice(name="joe"))
    fast = await say(speaking, text, Voice(name="joe", rate="+30%"))

    assert len(fast) < 0.9 * len(plain)


async def test_a_noise_without_speech_has_no_words(hearing: MoonshineHearing) -> None:
    noise = np.random.default_rng(7).normal(0, 800, 32_000).astype("<i2").tobytes()
    stream = await hearing.open(HearingConfig())

    stream.push(noise + SECOND)
    await stream.aclose()

    assert [event async for event in stream.events()] == []


async def test_a_speech_longer_than_the_decoders_window_is_understood(
    speaking: PiperSpeaking,
) -> None:
    text = "I looked at the list and there are three payments that I do not know, "
    text += "one from last week, one from Monday, and another one from this morning, "
    text += "so please tell me what I should do about them before the end of the month."
    speech = await say(speaking, text, caller_voice())
    assert len(speech) > 9_500 * 32

    heard = await asyncio.to_thread(Moonshine().transcribe, samples_of(speech))

    common = set(words(text).split()) & set(words(heard).split())
    assert len(common) > 0.8 * len(set(words(text).split()))


async def test_the_real_child_is_replaced_when_killed_and_silent_when_cancelled(
    speaking: PiperSpeaking,
) -> None:
    await speaking.warm()
    assert speaking.pid is not None
    os.kill(speaking.pid, signal.SIGKILL)
    long = speaking.speak("This is a rather long sentence that nobody wants to hear.", Voice())
    await anext(long)
    await long.aclose()

    speech = await say(speaking, "Yes.", Voice())

    assert 200 < len(speech) / 32 < 1_500
