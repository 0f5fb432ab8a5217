"""When the caller's turn is over, decided on this side of the recognizer, and his last words.

The recognizer tells words, a voice detector tells pauses. As soon as a pause is long enough for
what was said, the recognizer is asked for its final at once; if that takes too long, its last
guess is taken; a final that comes later corrects it, another guess does nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from core.endpointing import EndpointSettings, Reading, silence_ms
from core.speech import (
    FinalHeard,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.guesses import Guess, Guesses, last_language
from media_relay.habits import Habits

# Words that come this long after the last ones without a pause: the detector hears a noise.
_WORDLESS_MS = 3_000
# A guess from before a pause may lack the last word; this long into it, none better comes.
_GUESS_LAG_MS = 240
# One that ends so long before the caller did is short of a word.
_LAST_WORD_MS = 150
# He went on so soon after he was taken for done that he had only paused.
_CUT_OFF_MS = 1_500


class Endpointing:
    """Ends the turns heard by one stream. `tell` gets the events that turn-taking understands."""

    def __init__(
        self,
        settings: EndpointSettings,
        habits: Habits,
        *,
        tell: Callable[[HearingEvent], None],
        finalize: Callable[[], None],
        judge: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._habits = habits
        self._tell = tell
        self._finalize = finalize
        self._judge = judge
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._now_ms = 0
        self._start_ms: int | None = None  # of an utterance that goes on
        self._segments: list[FinalHeard] = []  # finals that ended no turn
        self._partial: PartialHeard | None = None
        self._words_ms = 0  # when anything was understood last
        self._voice = False  # the detector hears him, or he pauses
        self._paused_ms: int | None = None
        self._likely_done: float | None = None
        self._waits: SpeechStopped | None = None  # decided; the final is on its way
        self._guesses = Guesses()  # taken instead of finals
        self._ended_ms = 0  # where the last turn's speech ended

    def follow(self, settings: EndpointSettings) -> None:
        """Decide by these settings from now on: another agent listens."""
        self._settings = settings

    def push(self, now_ms: int) -> None:
        """So much audio was heard; decide if the silence in it is long enough."""
        self._now_ms = now_ms
        if self._start_ms is not None:
            self._consider()

    def judged(self, likely_done: float, paused_ms: int) -> None:
        """The judge of sound has an opinion of the pause at `paused_ms`."""
        if paused_ms == self._paused_ms:
            self._likely_done = likely_done

    @property
    def paused_ms(self) -> int | None:
        """Where the caller fell silent, while his turn may go on."""
        return self._paused_ms

    def hear(self, event: HearingEvent) -> None:
        """Take what recognizer and detector tell."""
        match event:
            case SpeechStarted(at_ms=at_ms):
                self._begin(at_ms)
            case SpeechPaused(at_ms=at_ms):
                self._pause(at_ms)
                # Audio that came in a lump was pushed before this; more of its events may follow.
                self._loop.call_soon(self._consider)
            case SpeechResumed(at_ms=at_ms):
                self._resume(at_ms)
            case PartialHeard():
                self._guess(event)
                self._loop.call_soon(self._consider)
            case FinalHeard():
                self._final(event)
            case SpeechStopped():
                self._stop(event)
            case HearingFailed():
                self._tell(event)
            case _:
                assert_never(event)

    def close(self) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- what is heard ---------------------------------------------------------------------------

    def _begin(self, at_ms: int) -> None:
        self._voice, self._paused_ms = True, None
        if self._waits is not None:
            self._give_up()
        if self._start_ms is None:
            self._start_ms, self._words_ms = at_ms, at_ms
            gap_ms = at_ms - self._ended_ms
            if self._ended_ms and 0 <= gap_ms < _CUT_OFF_MS and not self._habits.answered:
                self._habits.paused(gap_ms, self._settings)
            self._tell(SpeechStarted(at_ms=at_ms))

    def _pause(self, at_ms: int) -> None:
        self._paused_ms, self._likely_done = at_ms, None
        self._tell(SpeechPaused(at_ms=at_ms, now_ms=self._now_ms))
        self._judge()

    def _resume(self, at_ms: int) -> None:
        if self._paused_ms is not None:
            # Between the groups of a number everybody pauses: that says nothing of his pace.
            if self._habits.reading(self._text) is not Reading.DICTATING:
                self._habits.paused(at_ms - self._paused_ms, self._settings)
            self._paused_ms = None
            self._tell(SpeechResumed(at_ms=at_ms))

    def _stop(self, stopped: SpeechStopped) -> None:
        """Believe an engine that has decided by itself, unless we had decided that before."""
        known = self._start_ms is None or stopped.speech_end_ms <= self._ended_ms
        if self._waits is None and not known:
            self._voice, self._paused_ms = False, None
            self._waits = stopped
            self._tell(stopped)

    def _guess(self, partial: PartialHeard) -> None:
        if self._guesses.told_by(partial) is not None:
            return  # whether he said something else than was guessed, the final tells
        if self._waits is not None:
            self._partial = replace(partial, text=self._joined(partial.text))
            return
        if self._start_ms is None:  # words that the detector missed
            self._begin(partial.start_ms)
            self._voice = False
        whole = replace(partial, text=self._joined(partial.text))
        if self._partial is None or whole.text != self._partial.text:
            self._words_ms = self._now_ms
        self._partial = whole
        self._tell_words(whole)

    def _tell_words(self, partial: PartialHeard) -> None:
        """Tell a guess; it is worth an answer if the caller pauses and these may be all words."""
        reading = self._habits.reading(partial.text)
        whole = reading in (Reading.WHOLE, Reading.UNCLEAR)
        stable = whole and partial.stable and self._paused_ms is not None
        self._tell(replace(partial, stable=stable))

    def _final(self, final: FinalHeard) -> None:
        if (guess := self._guesses.told_by(final)) is not None:
            if (corrected := guess.corrected(final)) is not None:
                self._tell(corrected)
            return
        self._words_ms = self._now_ms
        if self._waits is not None:
            self._end(final)
            return
        self._segments.append(final)
        self._partial = None
        if self._start_ms is None or not self._voice:
            # The detector heard nothing: the recognizer is the only judge there is.
            self._start_ms = self._start_ms if self._start_ms is not None else final.start_ms
            self._waits = SpeechStopped(speech_end_ms=final.end_ms, decided_ms=self._now_ms)
            self._tell(self._waits)
            self._end(self._segments.pop())

    # --- what is decided -------------------------------------------------------------------------

    def _consider(self) -> None:
        now_ms = self._now_ms
        if self._waits is not None or self._start_ms is None:
            return
        if self._paused_ms is not None:
            if now_ms - self._paused_ms >= self._silence_ms():
                self._decide(self._paused_ms)
            elif self._settled and (whole := self._whole_guess()) is not None:
                self._partial = whole
                self._tell_words(whole)
        elif self._segments and now_ms - self._words_ms >= _WORDLESS_MS:
            self._decide(self._segments[-1].end_ms)

    def _silence_ms(self) -> int:
        text = self._text
        partial = self._partial
        # A guess from before the pause may be short of a word: do not think it finished yet.
        fresh = partial is None or partial.stable or self._settled
        reading = self._habits.reading(text) if fresh else Reading.NOTHING
        return silence_ms(reading, self._habits.pace, self._settings, self._likely_done)

    @property
    def _settled(self) -> bool:
        """Whether a guess from before the pause would have been replaced by now."""
        return self._paused_ms is not None and self._now_ms - self._paused_ms >= _GUESS_LAG_MS

    def _whole_guess(self) -> PartialHeard | None:
        """Return a guess that nobody called stable, if it reaches to the end of what was said."""
        partial, paused_ms = self._partial, self._paused_ms
        if partial is None or partial.stable or paused_ms is None:
            return None
        reaches = partial.end_ms >= paused_ms - _LAST_WORD_MS
        return replace(partial, stable=True) if reaches else None

    @property
    def _text(self) -> str:
        return self._partial.text if self._partial is not None else self._joined("")

    def _joined(self, text: str) -> str:
        return " ".join(part for part in (*(each.text for each in self._segments), text) if part)

    def _decide(self, end_ms: int) -> None:
        stopped = SpeechStopped(speech_end_ms=end_ms, decided_ms=self._now_ms)
        self._waits = stopped
        self._voice, self._paused_ms = False, None
        self._tell(stopped)
        self._finalize()
        wait_s = self._settings.final_wait_ms / 1000
        if self._waits is stopped:
            self._timer = self._loop.call_later(wait_s, self._give_up)

    def _end(self, final: FinalHeard) -> None:
        """The turn is over and all its words are known."""
        stopped, start_ms = self._waits, self._start_ms
        whole = replace(
            final,
            text=self._joined(final.text),
            start_ms=final.start_ms if start_ms is None else start_ms,
            decided_ms=stopped.decided_ms if stopped else final.decided_ms,
            words=(*(word for each in self._segments for word in each.words), *final.words),
            language=last_language(*self._segments, final),
        )
        self._reset(final.end_ms)
        self._take(whole)

    def _give_up(self) -> None:
        """The final takes too long: take the last guess; it may be corrected."""
        stopped = self._waits
        if stopped is None:
            return
        guess = FinalHeard(
            text=self._text,
            start_ms=self._start_ms or 0,
            end_ms=stopped.speech_end_ms,
            decided_ms=stopped.decided_ms,
            language=last_language(*self._segments, self._partial),
        )
        before = self._joined("")
        complete = self._partial is None and bool(before)
        self._reset(stopped.speech_end_ms)
        self._take(guess)
        if not complete:
            self._guesses.add(Guess(end_ms=guess.end_ms, before=before, taken=guess))

    def _take(self, words: FinalHeard) -> None:
        if words.text:
            self._guesses.outdate()
        self._tell(words)

    def _reset(self, ended_ms: int) -> None:
        self.close()
        self._waits = self._partial = self._start_ms = None
        self._segments = []
        self._ended_ms = ended_ms
        self._habits.answered = False
