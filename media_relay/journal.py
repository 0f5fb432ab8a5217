"""Where a fact of a call becomes known: to the call itself at once, to the log by a report."""

from __future__ import annotations

from core.conversation import Conversation, apply
from core.facts import Fact, TurnDone
from media_relay.measuring import CallMeter
from media_relay.reporting import Reporter


class Journal:
    """The conversation of a live call, changed by nothing but the facts written here."""

    def __init__(
        self, conversation: Conversation, reporter: Reporter, meter: CallMeter | None = None
    ) -> None:
        self.conversation = conversation
        self._reporter = reporter
        self._meter = meter

    def write(self, fact: Fact, *, urgent: bool = False) -> int:
        """Apply and report a fact; return its number in the reports."""
        self.conversation = apply(self.conversation, fact)
        if self._meter is not None:
            self._meter.saw(fact)
        return self._reporter.report(fact, urgent=urgent)

    def turn_over(self, done: TurnDone, sent: float | None, voice_s: float) -> None:
        """Write a whole turn, and measure it; `sent`: when its first frame left."""
        self.write(done)
        if self._meter is not None:
            self._meter.turn(done, sent, voice_s)

    def turn_left(self, done: TurnDone, reason: str, sent: float | None, voice_s: float) -> None:
        """Measure a turn that is left as it is, and for which it is not written."""
        if self._meter is not None:
            self._meter.turn(done, sent, voice_s, left=reason)

    def note(self, fact: Fact) -> None:
        """Apply a fact that is in the log already."""
        self.conversation = apply(self.conversation, fact)

    async def stored(self, number: int, *, within_s: float) -> bool:
        """Wait until that fact and all before it are in the log."""
        return await self._reporter.acknowledged(number, within_s=within_s)
