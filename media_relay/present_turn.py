"""The turn that goes on: what is said, heard and done in it, kept and reported as it happens."""

from __future__ import annotations

import asyncio

from core import turn as t
from core.facts import ApprovalTold, CallerSaid
from core.turn import Purpose
from media_relay.hearing import Hearer
from media_relay.journal import Journal
from media_relay.turn_record import Marks, TurnRecord, record_of


class PresentTurn:
    """The last turn of one call. `hearer` knows what was heard last, and by which engine."""

    def __init__(self, journal: Journal, hearer: Hearer) -> None:
        self.record = record_of(journal.conversation)
        self._journal = journal
        self._hearer = hearer
        self._clock = asyncio.get_running_loop().time
        self._told = -1

    # --- the caller ------------------------------------------------------------------------------

    def take(self, take: t.Take, text: str) -> None:
        """Add the caller's words, or what may be told of his keys."""
        record = self._turn(take.turn)
        record.caller.append(text)
        record.reply.clear()
        if ears := self._hearer.engine:
            record.engines["hearing"] = ears
        decided = self._hearer.now if take.keys else self._hearer.decided
        now = self._clock()
        record.partials_ms = decided.partials_ms
        record.marks = Marks(
            heard_until=decided.timestamp,
            spoken=decided.spoken,
            decided=min(decided.at or now, now),
            text=now,
        )
        said = CallerSaid(turn=take.turn, text=text, interrupted=take.interrupted, keys=take.keys)
        self._journal.write(said, urgent=True)

    def correct(self, correct: t.Correct) -> None:
        """Put down what the caller's last words really were."""
        if self.record.turn == correct.turn and self.record.caller:
            self.record.caller[-1] = correct.text
            self.record.marks.corrected = self._clock()
        said = CallerSaid(turn=correct.turn, text=correct.text, corrects=True)
        self._journal.write(said, urgent=True)

    def overheard(self, text: str) -> None:
        """Add what was said before turns were taken."""
        self.record.caller.append(text)
        self._journal.write(CallerSaid(turn=self.record.turn, text=text))

    def break_news(self, news: t.BreakNews) -> None:
        """Let the agent know what he is to tell the caller in this turn."""
        now = self._clock()
        self._turn(news.turn).marks = Marks(decided=now, text=now)
        if news.purpose is not Purpose.ANSWER:
            return
        for decided in self._journal.conversation.news:
            told = ApprovalTold(turn=news.turn, request_id=decided.request_id)
            self._journal.write(told, urgent=True)

    # --- the agent -------------------------------------------------------------------------------

    def begin_reply(self, purpose: Purpose) -> None:
        """A reply begins, perhaps not the first of this turn."""
        marks = self.record.marks
        if marks.corrected is not None and marks.sent is None:
            self.record.reply.clear()  # it answered other words, and nobody heard it
        marks.begin_anew(purpose, self._hearer.now, self._clock())

    def words_known(self) -> None:
        """The first words to say are known."""
        self.record.marks.words_known(self._clock())

    def waited(self, seconds: float) -> None:
        """So long a tool was waited for."""
        self.record.marks.waited(seconds)

    def voice_works(self) -> None:
        """The synthesizer works for this turn."""
        self.record.voice_works(self._clock())

    def voice_rests(self) -> None:
        """It does no more for now."""
        self.record.voice_rests(self._clock())

    def made(self) -> None:
        """Audio was made."""
        marks = self.record.marks
        if marks.audio is None:
            marks.audio = self._clock()

    def sounding(self) -> None:
        """A frame was sent."""
        if self.record.marks.sent is None:
            self.record.marks.sent = self._clock()

    def hearing(self, live: list[tuple[str, str]]) -> None:
        """Report how far a reply that goes on was heard."""
        for fact in self.record.heard_facts(live)[-1:]:
            self._journal.write(fact)

    def heard(self, live: list[tuple[str, str]], *, done: bool, cut: bool) -> None:
        """Keep how far a reply that is over was heard."""
        self.record.keep(live, cut=cut)
        for fact in self.record.heard_facts(done=done):
            self._journal.write(fact)

    # --- its end ---------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether it was not reported as a whole yet."""
        return self._told < self.record.turn

    def over(self, turn: int, *, interrupted: bool) -> None:
        """Report it as a whole."""
        self._told = turn
        agent = self._journal.conversation.agent
        self.voice_rests()
        done = self.record.done(agent, interrupted=interrupted)
        self._journal.turn_over(done, self.record.marks.sent, self.record.voice_s)

    def left(self, reason: str) -> None:
        """The call is left before anything of it was heard. Whoever waited for that is measured;
        nothing is reported, for another relay may say it yet."""
        record = self.record
        if record.marks.decided is None or not record.caller:  # or the agent spoke by himself
            return
        agent = self._journal.conversation.agent
        done = record.done(agent, interrupted=True, left_at=self._clock())
        self._journal.turn_left(done, reason, record.marks.sent, record.voice_s)

    def _turn(self, turn: int) -> TurnRecord:
        """Return the record of this turn, a new one if it has just begun."""
        if turn != self.record.turn:
            self.record = TurnRecord(turn=turn)
        return self.record
