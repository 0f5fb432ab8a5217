"""What a recognizer hears and a synthesizer says, whoever made them.

Audio everywhere inside is PCM, 16 bit signed little endian, mono, 16 kHz: 640 bytes are 20 ms.
Positions are milliseconds of audio since the stream was opened, never wall time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import EngineError
from core.served import ServedBy, Working

SAMPLE_RATE = 16_000
BYTES_PER_MS = 32
FRAME_MS = 20
FRAME_BYTES = FRAME_MS * BYTES_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word and where it sounds in its stream."""

    text: str
    start_ms: int
    end_ms: int


# --- hearing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """Somebody began to speak at `at_ms` (the voice detector's word, no text yet)."""

    at_ms: int
    kind: Literal["speech_started"] = "speech_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialHeard:
    """What the utterance seems to be so far; the next partial may change all of it.

    `stable`: the caller pauses after these words. `language` as in `FinalHeard`.
    """

    text: str
    start_ms: int
    end_ms: int
    stable: bool = False
    language: str = ""
    kind: Literal["partial_heard"] = "partial_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPaused:
    """The caller has been silent since `at_ms`, it was noticed at `now_ms`; more may come."""

    at_ms: int
    now_ms: int
    kind: Literal["speech_paused"] = "speech_paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResumed:
    """It was a pause: he goes on, noticed at `at_ms`."""

    at_ms: int
    kind: Literal["speech_resumed"] = "speech_resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """The caller fell silent at `speech_end_ms`; it was decided at `decided_ms` of audio."""

    speech_end_ms: int
    decided_ms: int
    kind: Literal["speech_stopped"] = "speech_stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalHeard:
    """The words of one utterance. Empty text: it was noise.

    `language` is the one it was recognised to be in, if the engine was asked to find out.
    `engine` is the one that heard it, if it is not the first of its chain.
    `corrects`: these are the words of an utterance that was taken by its last partial before;
    `again`: the same words, of which only the language was not known.
    """

    text: str
    start_ms: int
    end_ms: int
    decided_ms: int
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    language: str = ""
    engine: str = ""
    corrects: bool = False
    again: bool = False
    kind: Literal["final_heard"] = "final_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFailed:
    """The stream is dead; open another. Audio pushed from now on is lost."""

    error: EngineError
    kind: Literal["hearing_failed"] = "hearing_failed"


HearingEvent = (
    SpeechStarted
    | PartialHeard
    | SpeechPaused
    | SpeechResumed
    | SpeechStopped
    | FinalHeard
    | HearingFailed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingConfig:
    """How one call is heard. `hangover_ms`: silence that ends an utterance.

    `languages`: others the caller may speak, beside `language`. `semantic`: an utterance ends by
    what it means, too. Engines that cannot do these do without. `dropped`: so many streams have
    failed in this call before. `patient`: an engine that can tell pauses tells them, and an
    utterance ends when `finalize` says so. `threshold`: from which probability on the voice
    detector calls something speech.
    """

    language: str = "en-US"
    hangover_ms: int = 400
    hints: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    semantic: bool = False
    dropped: int = 0
    patient: bool = False
    threshold: float = 0.5


# --- speaking ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice by name, and how it is used. `rate` and `pitch` look like `+5%`.

    `language`: what the text is in, for voices that speak several.
    """

    name: str = ""
    type: str = "azure-standard"
    style: str = ""
    rate: str = "+0%"
    pitch: str = "+0%"
    endpoint_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAudio:
    """The next piece of audio of one text, any whole number of samples."""

    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """Where a word sounds in the audio of its text, when the engine knows."""

    word: Word


SpeakingEvent = SpokenAudio | SpokenWord | ServedBy | Working


def sayable(text: str) -> bool:
    """Whether a voice can say anything of a text: it has a letter or a figure."""
    return any(character.isalnum() for character in text)
