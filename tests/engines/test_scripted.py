"""The scripted twins: sound that carries text, and engines that keep to their script."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.scripted import (
    ScriptedChat,
    ScriptedHearing,
    ScriptedSpeaking,
    decode_spoken,
    spoken,
)
from adapters.scripted.marked_audio import is_audible, read_speech
from core.agents import AgentSpec
from core.chat import ChatRequest, Finished, TextDelta, ToolCalled, UserSaid
from core.errors import Cause, EngineError, EngineFailed
from core.speech import (
    FRAME_BYTES,
    FinalHeard,
    HearingConfig,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    SpokenAudio,
    SpokenWord,
    Voice,
)
from core.tools import ToolCall
from tests.virtual_time import VIRTUAL

SECOND = b"\0" * 32_000
LOST = EngineError(cause=Cause.LOST)
texts = st.text(min_size=1, max_size=60).filter(str.strip)


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


async def collect[T](events: AsyncIterator[T]) -> list[T]:
    return [event async for event in events]


async def heard(hearing: ScriptedHearing, *audio: bytes, config: HearingConfig) -> list[Any]:
    stream = await hearing.open(config)
    for pcm in audio:
        stream.push(pcm)
    stream.finish()
    return await collect(stream.events())


@given(text=texts, ms=st.integers(20, 4_000), lead=st.integers(0, 5_000))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_what_is_spoken_is_read_back_wherever_it_lies(text: str, ms: int, lead: int) -> None:
    pcm = b"\0\0" * lead + spoken(text, ms=ms) + SECOND

    found = read_speech(pcm)

    assert [speech.text for speech in found] == [text]
    assert found[0].start_ms == lead // 16


@given(text=texts, frames=st.integers(0, 300))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_audio_that_is_cut_holds_a_prefix_of_its_text(text: str, frames: int) -> None:
    pcm = spoken(text)[: frames * FRAME_BYTES]

    found = decode_spoken(pcm)

    assert text.startswith("".join(part for _, part in found))


def test_the_same_text_said_twice_is_found_twice() -> None:
    pcm = spoken("Yes.") + spoken("Yes.")

    assert decode_spoken(pcm) == [(0, "Yes."), (200, "Yes.")]


def test_spoken_text_is_audible_and_silence_is_not() -> None:
    assert is_audible(spoken("Hello.")[:FRAME_BYTES])
    assert not is_audible(SECOND[:FRAME_BYTES])


async def test_an_utterance_is_heard_from_its_start_to_its_words() -> None:
    pcm = SECOND + spoken("What is my balance?", ms=1_000) + SECOND

    events = await heard(ScriptedHearing(), pcm, config=HearingConfig(hangover_ms=400))

    assert events[0] == SpeechStarted(at_ms=1_000)
    assert [type(event) for event in events[1:-2]] == [PartialHeard] * 3
    assert events[1].text == "What"
    assert events[-2] == SpeechStopped(speech_end_ms=2_000, decided_ms=2_400)
    assert events[-1] == FinalHeard(
        text="What is my balance?", start_ms=1_000, end_ms=2_000, decided_ms=2_400
    )


async def test_a_pause_shorter_than_the_hangover_does_not_end_the_utterance() -> None:
    pcm = spoken("I want") + SECOND[:9_600] + spoken("a card.") + SECOND

    events = await heard(ScriptedHearing(), pcm, config=HearingConfig(hangover_ms=400))

    finals = [event.text for event in events if isinstance(event, FinalHeard)]
    assert finals == ["I want a card."]


async def test_a_click_is_not_heard_and_a_noise_has_no_words() -> None:
    noise = b"\0\x20\0\xe0" * 8_000
    pcm = spoken("x", ms=20) + SECOND + noise + SECOND

    events = await heard(ScriptedHearing(), pcm, config=HearingConfig())

    assert [event.text for event in events if isinstance(event, FinalHeard)] == [""]


async def test_a_script_adds_events_at_their_time_and_a_failure_is_the_last() -> None:
    hearing = ScriptedHearing(
        script=[(100, SpeechStarted(at_ms=80)), (200, HearingFailed(error=LOST))]
    )
    stream = await hearing.open(HearingConfig())

    stream.push(SECOND + spoken("Lost."))

    events = await collect(stream.events())
    assert events == [SpeechStarted(at_ms=80), HearingFailed(error=LOST)]


async def test_an_opening_may_be_told_to_fail() -> None:
    hearing = ScriptedHearing(failures=[LOST])

    with pytest.raises(EngineFailed):
        await hearing.open(HearingConfig())

    assert await hearing.open(HearingConfig())


async def test_speaking_takes_its_time_and_carries_the_text() -> None:
    speaking = ScriptedSpeaking(first_audio_ms=80, next_audio_ms=10, words=True)
    clock = asyncio.get_running_loop().time
    began = clock()

    events = await collect(speaking.speak("Hello there.", Voice()))

    audio = b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))
    words = [event.word for event in events if isinstance(event, SpokenWord)]
    assert decode_spoken(audio) == [(0, "Hello there.")]
    assert [(word.text, word.start_ms, word.end_ms) for word in words] == [
        ("Hello", 0, 250),
        ("there.", 300, 600),
    ]
    assert clock() - began == pytest.approx(0.1)
    assert speaking.said[0].done


async def test_speech_that_nobody_wants_any_more_is_noted_as_cancelled() -> None:
    speaking = ScriptedSpeaking()

    async with aclosing(speaking.speak("A long sentence that is cut.", Voice())) as stream:
        await anext(stream)

    assert speaking.said[0].cancelled


async def test_speaking_fails_where_its_script_says_so() -> None:
    speaking = ScriptedSpeaking(failures=[LOST, None], fail_after_ms=100)
    broken = speaking.speak("This will break.", Voice())

    first = await anext(broken)

    assert isinstance(first, SpokenAudio)
    assert len(first.pcm) == 3_200
    with pytest.raises(EngineFailed):
        await anext(broken)
    assert len(await collect(speaking.speak("Fine.", Voice()))) == 2


ASKED = ChatRequest(
    agent=AgentSpec(name="Bank", prompt=""), system="", messages=(UserSaid(text="Hello"),)
)


async def test_chat_answers_from_its_list_and_then_fails() -> None:
    call = ToolCalled(call=ToolCall(id="1", name="get_balance", arguments={}))
    chat = ScriptedChat(["Hi there.", [0.5, call], [TextDelta(text="So"), LOST]])

    first = await collect(chat.stream(ASKED))
    second = await collect(chat.stream(ASKED))

    assert first == [TextDelta(text="Hi "), TextDelta(text="there."), Finished()]
    assert second == [call, Finished(reason="tool_calls")]
    with pytest.raises(EngineFailed, match="lost"):
        await collect(chat.stream(ASKED))
    with pytest.raises(EngineFailed, match="script is over"):
        await collect(chat.stream(ASKED))
    assert len(chat.requests) == 4
    assert chat.cancelled == 0


async def test_chat_may_answer_by_a_function_and_notes_a_cancelled_reply() -> None:
    chat = ScriptedChat(lambda request: f"You said {request.messages[-1].role}.")

    async with aclosing(chat.stream(ASKED)) as stream:
        first = await anext(stream)

    assert first == TextDelta(text="You ")
    assert chat.cancelled == 1
