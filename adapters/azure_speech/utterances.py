"""What one recognition tells becomes utterances, at their places in the caller's audio."""

from __future__ import annotations

from collections.abc import Callable

from adapters.azure_speech.phrases import Phrase, phrase_of
from adapters.azure_speech.positions import Positions
from adapters.azure_speech.recognition import Began, Result
from core.speech import (
    FinalHeard,
    HearingEvent,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    Word,
)

TICKS_PER_MS = 10_000


class Utterances:
    """Azure tells no end of speech: it is told just before the final.

    `positions` counts the audio that the recognition gets, from `begin_ms` of the caller's on.
    """

    def __init__(self, emit: Callable[[HearingEvent], None], begin_ms: int = 0) -> None:
        self.positions = Positions(begin_ms)
        self._emit = emit
        self._speaking = False
        self._began_ms = 0

    def began(self, told: Began) -> None:
        """Speech has begun."""
        self._start(self._ms(told.offset))

    def result(self, told: Result) -> None:
        """Something was understood, or nothing could be."""
        phrase = phrase_of(told.json)
        start_ms, end_ms = self._ms(told.offset), self._ms(told.offset + told.duration)
        if told.kind == "partial":
            if phrase.text:
                self._start(start_ms)
                self._emit(
                    PartialHeard(
                        text=phrase.text,
                        start_ms=start_ms,
                        end_ms=end_ms,
                        language=phrase.language,
                    )
                )
            return
        text = phrase.text if told.kind == "final" else ""
        if not text and (not self._speaking or end_ms <= self._began_ms):
            # A silence that timed out, or a commit of nothing; the SDK may tell of it only after
            # the next speech has begun.
            return
        self._start(start_ms)
        self._speaking = False
        now_ms = self.positions.now_ms
        self._emit(SpeechStopped(speech_end_ms=end_ms, decided_ms=now_ms))
        self._emit(
            FinalHeard(
                text=text,
                start_ms=start_ms,
                end_ms=end_ms,
                decided_ms=now_ms,
                confidence=phrase.confidence,
                words=self._words(phrase, told.offset - phrase.offset),
                language=phrase.language,
            )
        )

    def _start(self, at_ms: int) -> None:
        # After a reconnection the service tells of the same start again.
        if not self._speaking:
            self._speaking, self._began_ms = True, at_ms
            self._emit(SpeechStarted(at_ms=at_ms))

    def _words(self, phrase: Phrase, base: int) -> tuple[Word, ...]:
        """Return the words; their offsets are those of the turn, which began at `base` (ticks)."""
        return tuple(
            Word(
                text=word.text,
                start_ms=self._ms(base + word.offset),
                end_ms=self._ms(base + word.offset + word.duration),
            )
            for word in phrase.words
        )

    def _ms(self, ticks: int) -> int:
        return self.positions.of(ticks // TICKS_PER_MS)
