"""The first seconds of a call that we made: who answered, and when a machine wants the message."""

from __future__ import annotations

import asyncio
from typing import Protocol

from core.answering import Answerer, AnsweringRules, By, told
from core.speech import (
    FinalHeard,
    HearingEvent,
    PartialHeard,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.beep import BeepEar


class Screened(Protocol):
    """Whoever is told what screening comes to; each at most once, `answered` first."""

    def answered(self, who: Answerer, by: By, text: str) -> None:
        """Somebody or nobody answered; `text` is what was understood so far."""
        ...

    def place_for_message(self) -> None:
        """The voicemail has ended its greeting."""
        ...


class Screening:
    """Listens to whoever answered. `holds`: the agent keeps silent, and so does turn-taking.

    To somebody who says nothing the agent speaks first; a machine may still show itself then.
    """

    def __init__(self, rules: AnsweringRules, screened: Screened) -> None:
        self.holds = True
        self._rules = rules
        self._screened = screened
        self._loop = asyncio.get_running_loop()
        self._beep = BeepEar()
        self._heard = ""  # utterances that are over
        self._spoke_at: float | None = None
        self._who: Answerer | None = None
        self._waits_for_beep = False
        self._over = False
        self._timer = self._loop.call_later(rules.silence_s, self._silent)
        self._long: asyncio.TimerHandle | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more is to be found out."""
        return self._over

    def close(self) -> None:
        """Listen no more."""
        self._over = True
        self._timer.cancel()
        if self._long is not None:
            self._long.cancel()

    def on_audio(self, pcm: bytes) -> None:
        """Take the far side's next audio."""
        if self._over or not self._beep.over(pcm):
            return
        if self._waits_for_beep:
            self._speak()
        elif self._who is not Answerer.PERSON:
            self._decide(Answerer.VOICEMAIL, "beep", self._heard)
            if self._waits_for_beep:
                self._speak()

    def hear(self, event: HearingEvent) -> None:
        """Take what was heard."""
        if self._over:
            return
        match event:
            case SpeechStarted() | SpeechResumed():
                self._began()
            case PartialHeard(text=text):
                self._began()
                self._judge(text, over=False)
            case SpeechStopped():
                self._stopped()
            case FinalHeard(text=text):
                self._stopped()
                self._judge(text, over=True)
                self._heard = f"{self._heard} {text}".strip()
            case _:
                pass

    def _began(self) -> None:
        self._timer.cancel()
        if self._spoke_at is None:
            self._spoke_at = self._loop.time()
            self._long = self._loop.call_later(self._rules.long_s, self._judge, "")

    def _stopped(self) -> None:
        self._spoke_at = None
        if self._long is not None:
            self._long.cancel()
        if self._waits_for_beep:
            self._timer.cancel()
            self._timer = self._loop.call_later(self._rules.beep_s, self._speak)

    def _judge(self, text: str, *, over: bool = False) -> None:
        if self._waits_for_beep or self._over:
            return
        spoken = 0.0 if self._spoke_at is None else self._loop.time() - self._spoke_at
        found = told(f"{self._heard} {text}", spoken, self._rules, over=over)
        if found is None:
            return
        who, by = found
        if not over and self._action(who) == "go_on":
            return  # whom the agent is to talk to is let finish
        # Words of anybody end the wait for one, not the watch for a machine.
        if who is not Answerer.PERSON or self._who is None:
            self._decide(who, by, f"{self._heard} {text}".strip())

    def _silent(self) -> None:
        self._decide(Answerer.NOBODY, "silence", "")

    def _decide(self, who: Answerer, by: By, text: str) -> None:
        self._who = who
        machine = who in (Answerer.VOICEMAIL, Answerer.MENU)
        action = self._action(who) if machine else ""
        self._timer.cancel()
        self.holds = machine and action != "go_on"
        if action == "leave_message":
            self._waits_for_beep = True
            self._timer = self._loop.call_later(self._rules.greeting_s, self._speak)
        elif machine:
            self.close()
        else:
            self._timer = self._loop.call_later(self._rules.watch_s, self.close)
        self._screened.answered(who, by, text)

    def _action(self, who: Answerer) -> str:
        return self._rules.menu if who is Answerer.MENU else self._rules.voicemail

    def _speak(self) -> None:
        self.close()
        self._screened.place_for_message()
