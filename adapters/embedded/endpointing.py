"""When somebody begins, pauses and ends, told from the probabilities of a voice detector."""

from __future__ import annotations

from dataclasses import dataclass

# Two windows in a row: one alone is a click. The detector is sure about one window late.
ONSET_WINDOWS = 2
SPEECH = 0.5
# Below this a window of an utterance counts as silence; between the two it decides nothing.
SILENCE = 0.35
# Words are recognised from here on, to be known when it is decided whether he is done.
PAUSE_MS = 128
# Nobody talks this long without a breath: it is music, or a television.
LONGEST_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Somebody began to speak at `at_ms`."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """He has been silent since `at_ms`, not yet long enough to be done."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """He goes on: it was a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """He has been silent since `at_ms` for the whole hangover, or spoke for too long."""

    at_ms: int


Mark = Began | Paused | Resumed | Ended


class Endpointer:
    """One call's voice activity, window by window.

    `hangover_ms`: silence that ends speech. `threshold`: a window this likely is speech.
    """

    def __init__(self, *, window_ms: int, hangover_ms: int, threshold: float = SPEECH) -> None:
        self._window_ms = window_ms
        self._hangover_ms = hangover_ms
        self._threshold = threshold
        self._silence = threshold * SILENCE / SPEECH
        self._now_ms = 0
        self._onset = 0
        self._began_ms = 0
        self._last_speech_ms = 0
        self._paused = False
        self.speaking = False

    def step(self, probability: float) -> Mark | None:
        """Take the next window; return what has changed with it."""
        self._now_ms += self._window_ms
        return self._inside(probability) if self.speaking else self._outside(probability)

    def _outside(self, probability: float) -> Mark | None:
        self._onset = self._onset + 1 if probability >= self._threshold else 0
        if self._onset < ONSET_WINDOWS:
            return None
        self.speaking, self._paused = True, False
        self._onset = 0
        self._last_speech_ms = self._now_ms
        self._began_ms = self._now_ms - ONSET_WINDOWS * self._window_ms
        return Began(at_ms=self._began_ms)

    def _inside(self, probability: float) -> Mark | None:
        if probability >= self._silence:
            self._last_speech_ms = self._now_ms
            if self._now_ms - self._began_ms >= LONGEST_MS:
                return self.end()
            was_paused, self._paused = self._paused, False
            return Resumed() if was_paused else None
        silent_ms = self._now_ms - self._last_speech_ms
        if silent_ms >= self._hangover_ms:
            return self.end()
        if silent_ms >= PAUSE_MS and not self._paused:
            self._paused = True
            return Paused(at_ms=self._last_speech_ms)
        return None

    def end(self) -> Ended:
        """End it now: somebody knows that he is done."""
        self.speaking = False
        return Ended(at_ms=self._last_speech_ms)
