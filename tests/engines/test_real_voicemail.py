"""A voicemail as it sounds: its words are understood, and its beep is told from its voice."""

import pytest

from adapters.embedded.hearing import load_models
from adapters.embedded.pcm import samples_of
from core.answering import Answerer, told_by_words
from core.speech import BYTES_PER_MS, FRAME_BYTES
from localdev.acs_simulator.callee import GREETING
from localdev.caller.sound import voicemail
from media_relay.beep import BeepEar

pytestmark = pytest.mark.audio

PERSON = "Hello, this is Maria speaking. Who is calling please?"


def beeps(pcm: bytes) -> list[int]:
    """Return the frames with which a beep was over."""
    ear = BeepEar()
    frames = range(0, len(pcm) - len(pcm) % FRAME_BYTES, FRAME_BYTES)
    return [at // FRAME_BYTES for at in frames if ear.over(pcm[at : at + FRAME_BYTES])]


@pytest.mark.parametrize(
    ("text", "who"), [(GREETING, Answerer.VOICEMAIL), (PERSON, None)], ids=["machine", "person"]
)
async def test_words_tell_a_machine_and_only_the_tone_at_the_end_is_a_beep(
    text: str, who: Answerer | None
) -> None:
    pcm = await voicemail(text) + bytes(FRAME_BYTES)
    opening = samples_of(pcm[: 4_000 * BYTES_PER_MS])

    words = load_models().recognizer.transcribe(opening, stopped=lambda: False)

    assert told_by_words(words) is who
    assert len(beeps(pcm)) == 1
    assert beeps(pcm)[0] >= len(pcm) // FRAME_BYTES - 2
