"""How a call begins: with a greeting, where another relay lost it, or with who answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from core import turn as t
from core.answering import Answerer, By
from core.facts import AnsweredBy, Direction, Remembered
from core.speech import HearingEvent
from core.turn import Closing, Purpose
from media_relay.call_settings import answering_of
from media_relay.screening import Screening
from media_relay.stage import Stage
from media_relay.turn_driver import TurnDriver

BY_MACHINE = Closing(kind="hang_up", by="machine")


class Opening:
    """Begins one call. In a call that we made, whoever answered is listened to first."""

    def __init__(
        self, stage: Stage, turns: TurnDriver, *, overheard: Callable[[str], None]
    ) -> None:
        self._session = stage.session
        self._rules = answering_of(stage.settings.answering, stage.session.scenario)
        self._about_s = stage.settings.about_s
        self._catalog = stage.catalog
        self._journal = stage.journal
        self._turns = turns
        self._overheard = overheard
        self._loop = asyncio.get_running_loop()
        self._screening: Screening | None = None

    async def look_up(self) -> None:
        """Get ready what agents will use, and learn of a new caller what is known; not for long."""
        known: Mapping[str, Any] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._about_s):
                await self._catalog.warm(self._session.scenario)
                known = await self._catalog.about(self._session.leg) if self._new else {}
        if known:
            self._journal.write(Remembered(slots=known))

    def begin(self) -> None:
        """Greet, or go on where another relay lost the caller; in our call wait for who answers."""
        ours = self._session.leg.direction is Direction.OUTBOUND
        if self._new and ours and self._rules.detect:
            self._screening = Screening(self._rules, self)
        else:
            self._say(Purpose.GREETING if self._new else Purpose.RESUMED)

    @property
    def _new(self) -> bool:
        return not self._turns.state.answered

    def on_audio(self, pcm: bytes) -> None:
        """Take the far side's next audio."""
        if self._screening is not None:
            self._screening.on_audio(pcm)
            if self._screening.over and not self._screening.holds:
                self._screening = None

    def takes(self, event: HearingEvent) -> bool:
        """Take what was heard; whether it is no matter of turns."""
        screening = self._screening
        if screening is None:
            return False
        held = screening.holds
        screening.hear(event)
        return held or screening.holds

    def stop(self) -> None:
        """Find out nothing more."""
        if self._screening is not None:
            self._screening.close()

    def answered(self, who: Answerer, by: By, text: str) -> None:
        """Speak to a person, or to somebody silent; do about a machine what was configured."""
        action = self._rules.action(who)
        self._journal.write(AnsweredBy(who=who.value, by=by, action=action), urgent=True)
        if action in ("hang_up", "leave_message"):
            closing = BY_MACHINE if action == "hang_up" else None
            self._turns.feed(t.SilenceWanted(at=self._loop.time(), closing=closing))
        elif self._turns.state.generation == 0:  # nothing was said yet
            if text:
                self._overheard(text)
            self._say(Purpose.GREETING)

    def place_for_message(self) -> None:
        """Leave the message, and hang up."""
        self._say(Purpose.MESSAGE, BY_MACHINE)

    def _say(self, purpose: Purpose, closing: Closing | None = None) -> None:
        at = self._loop.time()
        self._turns.feed(t.SpeechWanted(at=at, purpose=purpose, closing=closing))
