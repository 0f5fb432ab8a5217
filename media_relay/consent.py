"""Sees to it that nobody is recorded who did not agree, and nothing that is a secret."""

from __future__ import annotations

from core.agents import RecordingRule
from core.chat import AgentSaid
from core.consent import answered, asks_for_secret, said_in, withdraws
from core.facts import ConsentDecided, ConsentDecision, SecretAwaited
from core.heard import only_yes_or_no
from core.tools import ToolSpec
from media_relay.stage import Stage

AGREED: frozenset[ConsentDecision] = frozenset({"given", "announced"})


class Consent:
    """Asks or announces with the greeting, takes the answer before any agent does.

    What was decided is a fact, so another relay knows it. A question that was not heard to its end
    has not been asked: then nothing is recorded.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._rule = stage.session.recording
        self._journal = stage.journal
        self._asking = False  # the present reply asks for a secret
        self._reply = (0, "")  # what answers the caller in this turn
        self._answers = False  # his last words are the answer to the question

    def opening(self, greeting: str) -> str:
        """Return the first words of a call."""
        match self._rule:
            case RecordingRule.OFF:
                return greeting
            case RecordingRule.ASK:
                return f"{greeting} {self._stage.phrases.may_record}"
            case RecordingRule.ANNOUNCE:
                return f"{self._stage.phrases.is_recorded} {greeting}"

    def taken(self, text: str, turn: int) -> None:
        """Read what the caller said, before anybody answers it."""
        if self._rule is RecordingRule.OFF:
            return
        open_ = self._rule is RecordingRule.ASK and not self._journal.conversation.consent
        self._answers = open_ and self._was_heard("may_record")
        self._read(text, turn)
        self._asking = False

    def corrected(self, text: str, turn: int) -> None:
        """Read again what he said last: it was a guess, and these are the words."""
        if self._rule is not RecordingRule.OFF:
            self._read(text, turn)

    def _read(self, text: str, turn: int) -> None:
        decided = self._journal.conversation.consent
        self._reply = (turn, "")
        if self._answers:
            decision = answered(text)
            if decision != decided:
                self._decide(decision, turn)
            if only_yes_or_no(text) is not None or withdraws(text):
                phrases = self._stage.phrases
                words = phrases.recorded if decision == "given" else phrases.not_recorded
                self._reply = (turn, words)
        elif decided in AGREED and withdraws(text):
            self._decide("withdrawn", turn)
            self._reply = (turn, self._stage.phrases.not_recorded)

    def reply(self, turn: int) -> str:
        """Return the words that answer the caller in the agent's place, once; mostly none."""
        (of_turn, reply), self._reply = self._reply, (0, "")
        return reply if of_turn == turn else ""

    def speaking(self, text: str) -> None:
        """Have the recording paused before a question for a secret is spoken."""
        if self._rule is RecordingRule.OFF:
            return
        self._asking = self._asking or asks_for_secret(text, self._tools)
        if self._asking or self._keys():
            self._await(awaited=True)

    def heard(self) -> None:
        """Note that an announcement was heard, once it was."""
        open_ = self._rule is RecordingRule.ANNOUNCE and not self._journal.conversation.consent
        if open_ and self._was_heard("is_recorded"):
            self._decide("announced", self._journal.conversation.turn)

    def over(self, *, answer: bool) -> None:
        """A reply is over. Only an answer to the caller ends the wait for his secret."""
        if answer and not self._asking and not self._keys():
            self._await(awaited=False)

    @property
    def _tools(self) -> tuple[ToolSpec, ...]:
        return self._stage.catalog.tools(self._stage.scene)

    def _keys(self) -> bool:
        conversation = self._journal.conversation
        wanted = conversation.collecting
        return conversation.guarded or (wanted is not None and wanted.secret)

    def _await(self, *, awaited: bool) -> None:
        if self._journal.conversation.secret_awaited is not awaited:
            self._journal.write(SecretAwaited(awaited=awaited), urgent=True)

    def _decide(self, decision: ConsentDecision, turn: int) -> None:
        self._journal.write(ConsentDecided(decision=decision, turn=turn), urgent=True)

    def _was_heard(self, phrase: str) -> bool:
        wanted = {
            getattr(phrases, phrase)
            for phrases in (self._stage.phrases, *self._stage.settings.phrases.values())
        }
        return any(
            isinstance(said.message, AgentSaid) and said_in(each, said.message.text)
            for said in self._journal.conversation.said
            for each in wanted
        )
