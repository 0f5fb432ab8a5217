"""The first seconds of a call that we made: who answered, and when a machine wants the message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, assert_never

from core.answering import Answerer, AnsweringRules, By, told, told_by_words
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
from media_relay.beep import BeepEar


class Screened(Protocol):
    """Whoever is told what screening comes to."""

    def answered(self, who: Answerer, by: By, text: str) -> None:
        """Somebody or nobody answered; told again if it was somebody else after all.

        `text`: the words that told it, if whoever said them has finished.
        """
        ...

    def place_for_message(self) -> None:
        """The voicemail has ended its greeting. Told once, and last."""
        ...


class Screening:
    """Listens to whoever answered. `holds`: the agent keeps silent, and so does turn-taking.

    To somebody who says nothing the agent speaks first; a machine may still show itself then, as
    it may after a word that sounded like a person's. After `watch_s` nothing is judged any more.
    """

    def __init__(self, rules: AnsweringRules, screened: Screened) -> None:
        self.holds = True
        self.over = False
        self._rules = rules
        self._screened = screened
        self._loop = asyncio.get_running_loop()
        self._beep = BeepEar()
        self._who: Answerer | None = None
        self._waits_for_beep = False
        self._doubts = False  # who was a person says what voicemails say, and persons may
        # The present utterance: its words so far, since when without a pause, and its pause.
        self._text = ""
        self._speaks = self._long = False
        self._since = 0.0
        self._paused_ms: int | None = None
        self._quiet = self._in(rules.silence_s, self._silent)
        self._stretch: asyncio.TimerHandle | None = None  # until an utterance is long
        self._limit: asyncio.TimerHandle | None = None  # of the watch, or of a greeting

    def close(self) -> None:
        """Listen no more."""
        self.over = True
        for timer in (self._quiet, self._stretch, self._limit):
            if timer is not None:
                timer.cancel()

    def on_audio(self, pcm: bytes) -> None:
        """Take the far side's next audio. What beeps behind a person's words may be anything."""
        listens = self._waits_for_beep or self._doubts or self._who in (None, Answerer.NOBODY)
        if self.over or not listens or not self._beep.over(pcm):
            return
        if not self._waits_for_beep:
            self._decide(Answerer.VOICEMAIL, "beep", "")
        if self._waits_for_beep:
            self._speak()

    def hear(self, event: HearingEvent) -> None:
        """Take what was heard."""
        if self.over:
            return
        match event:
            case SpeechStarted():
                self._began()
            case SpeechPaused(at_ms=at_ms):
                self._paused(at_ms)
            case SpeechResumed(at_ms=at_ms):
                self._resumed(at_ms)
            case PartialHeard(text=text):
                self._text = text
                self._judge(over=False)
            case SpeechStopped() | HearingFailed():
                self._stopped()
            case FinalHeard(text=text):
                self._text = text
                self._judge(over=True)
                self._text = ""
            case _:
                assert_never(event)

    # --- how long somebody speaks, or nobody -----------------------------------------------------

    def _began(self) -> None:
        self._quiet.cancel()
        self._text, self._paused_ms = "", None
        self._speaks, self._long = True, False
        self._since = self._loop.time()
        self._measure()

    def _paused(self, at_ms: int) -> None:
        self._paused_ms = at_ms
        if self._stretch is not None:
            self._stretch.cancel()

    def _resumed(self, at_ms: int) -> None:
        paused_ms, self._paused_ms = self._paused_ms, None
        if paused_ms is not None and at_ms - paused_ms >= self._rules.pause_s * 1000:
            self._since = self._loop.time()
        self._measure()

    def _stopped(self) -> None:
        self._speaks = False
        if self._stretch is not None:
            self._stretch.cancel()
        self._expect_silence()

    def _measure(self) -> None:
        """Wait until this stretch of speech is long; that tells only of who has just answered."""
        if self._stretch is not None:
            self._stretch.cancel()
        if self._who is None:
            due = self._since + self._rules.long_s
            self._stretch = self._loop.call_at(due, self._is_long)

    def _is_long(self) -> None:
        self._long = True
        self._judge(over=False)

    def _expect_silence(self) -> None:
        """Wait until nothing was said for so long that somebody must speak."""
        self._quiet.cancel()
        if self._waits_for_beep:
            self._quiet = self._in(self._rules.beep_s, self._speak)
        elif self._who is None:
            self._quiet = self._in(self._rules.silence_s, self._silent)

    def _silent(self) -> None:
        self._decide(Answerer.NOBODY, "silence", "")

    # --- what it comes to ------------------------------------------------------------------------

    def _judge(self, *, over: bool) -> None:
        if self._waits_for_beep:
            return
        if self._who is Answerer.PERSON and not self._doubts:
            words = told_by_words(self._text, self._rules.languages)
            self._doubts = words is Answerer.VOICEMAIL
        found = told(self._text, self._rules, over=over, long=self._long, before=self._who)
        if found is None:
            return
        who, by = found
        if not over and self._rules.action(who) == "go_on":
            return  # whom the agent is to talk to is let finish
        self._decide(who, by, self._text if over else "")

    def _decide(self, who: Answerer, by: By, text: str) -> None:
        action = self._rules.action(who)
        self._who = who
        self._quiet.cancel()
        self.holds = action in ("hang_up", "leave_message")
        if action == "leave_message":
            self._waits_for_beep = True
            self._limit_to(self._rules.greeting_s, self._speak)
            if not self._speaks:
                self._expect_silence()
        elif self.holds or who is Answerer.VOICEMAIL:
            self.close()
        elif self._limit is None:
            self._limit_to(self._rules.watch_s, self.close)
        self._screened.answered(who, by, text)

    def _speak(self) -> None:
        self.close()
        self._screened.place_for_message()

    def _limit_to(self, seconds: float, then: Callable[[], None]) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = self._in(seconds, then)

    def _in(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, then)
