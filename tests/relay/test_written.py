"""Replies that are spoken while the model writes them: one text, and still piece by piece."""

from dataclasses import replace

import pytest

from adapters.azure_speech import AzureSpeaking, SpeechAccount
from adapters.scripted import ScriptedSpeaking
from core.aloud import Aloud
from core.audio import Piece
from core.chat import TextDelta
from core.errors import Cause, EngineError
from core.facts import CallerSaid, TurnDone
from core.ports import TextStreaming
from core.speech import BYTES_PER_MS, SpokenAudio, SpokenWord, Voice, Word
from media_relay.written import Written
from tests.relay.calls import agent, calling, scenario
from tests.virtual_time import VIRTUAL

DOWN = EngineError(cause=Cause.UNAVAILABLE)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class WritingVoice(ScriptedSpeaking):
    """Speaks a text in writing: each part as it comes, its words told before its sound."""

    def __init__(self, **fields):
        super().__init__(words=True, **fields)
        self.texts = []

    def streams_text(self, voice):
        return not voice.endpoint_id

    async def speak_written(self, texts, voice):
        parts, ms = [], 0
        self.texts.append(parts)
        async for text in texts:
            parts.append(text.strip())
            after = ms
            async for event in self.speak(text.strip(), voice):
                if isinstance(event, SpokenAudio):
                    ms += len(event.pcm) // BYTES_PER_MS
                    yield event
                elif isinstance(event, SpokenWord):
                    word = event.word
                    begins, ends = after + word.start_ms, after + word.end_ms
                    yield SpokenWord(word=Word(text=word.text, start_ms=begins, end_ms=ends))


async def test_a_reply_is_one_text_and_is_heard_piece_by_piece():
    voice = WritingVoice()
    async with calling(["You have ten dollars. And two cents."], speaking=voice) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert voice.texts[-1] == ["You have ten dollars.", "And two cents."]
        assert turn.heard == "You have ten dollars. And two cents."


async def test_a_voice_that_cannot_be_written_to_says_piece_by_piece():
    voice = WritingVoice()
    custom = replace(agent("Ann"), voice=Voice(name="own", endpoint_id="deployment"))
    replies = ["You have ten dollars. And two cents."]
    async with calling(replies, speaking=voice, scenario=scenario(custom)) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert voice.texts == []
        assert turn.heard == "You have ten dollars. And two cents."


async def test_an_interrupted_text_is_cut_at_the_last_word_that_was_heard():
    voice = WritingVoice()
    async with calling(
        ["You have ten dollars. And two cents in cash.", "Yes?"], speaking=voice
    ) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
        await call.after(1.9)
        call.says("stop please")
        turn = await call.until(TurnDone, count=2)

        assert turn.interrupted
        assert turn.heard.startswith("You have ten dollars. And")
        assert "cash" not in turn.heard


async def test_what_was_said_is_not_kept_back_while_a_model_writes_no_more():
    voice = WritingVoice()
    slow = [TextDelta(text="Let me look. "), 5.0, TextDelta(text="Ten dollars.")]
    async with calling([slow], speaking=voice) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
        await call.after(2)
        soon = call.heard
        turn = await call.until(TurnDone, count=2)

        assert soon.endswith("Let me look.")
        assert turn.heard.startswith("Let me look.")
        assert turn.heard.endswith("Ten dollars.")
        assert len(voice.texts) >= 3


async def test_a_text_that_fails_before_any_sound_is_said_piece_by_piece():
    voice = WritingVoice(failures=[DOWN])
    async with calling(speaking=voice) as call:
        turn = await call.until(TurnDone)

        assert turn.heard == "Hello from Ann."


def test_the_service_that_can_is_known_by_its_methods() -> None:
    azure = AzureSpeaking(SpeechAccount(region="westeurope", key="k" * 32), streams_text=True)

    assert isinstance(azure, TextStreaming)
    assert not isinstance(ScriptedSpeaking(), TextStreaming)


class Pieces:
    """A playout that keeps what it gets."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Piece, bytearray]] = []

    def open_piece(self, generation, text, agent, said=None):
        self.pieces.append((Piece(text=text, agent=agent, said=said), bytearray()))
        return self.pieces[-1][0]

    def add(self, generation, piece, pcm):
        self.pieces[-1][1].extend(pcm)
        return True

    def finish_piece(self, generation, piece):
        piece.complete = True


@pytest.mark.parametrize("chunk_ms", [7, 100, 1_000])
def test_sound_belongs_to_the_piece_whose_words_it_is(chunk_ms) -> None:
    playout = Pieces()
    written = Written(playout, 1)  # type: ignore[arg-type]
    for text in ("One two.", "Three.", "Four."):
        written.add(text, "Ann", Aloud(text=text))
    for n, text in enumerate(("One", "two", "Three", "Four")):
        written.word(Word(text=text, start_ms=n * 100, end_ms=n * 100 + 90))
    sound = bytes(400 * BYTES_PER_MS)

    for at in range(0, len(sound), chunk_ms * BYTES_PER_MS):
        written.audio(sound[at : at + chunk_ms * BYTES_PER_MS])
    written.finish()

    lengths = [(piece.text, len(pcm) // BYTES_PER_MS) for piece, pcm in playout.pieces]
    assert lengths == [("One two.", 200), ("Three.", 100), ("Four.", 100)]
    assert [piece.words[0].start_ms for piece, _ in playout.pieces] == [0, 0, 0]
    assert all(piece.complete for piece, _ in playout.pieces)
