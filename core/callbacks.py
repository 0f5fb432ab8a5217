"""A promised call: when it is due, what came of each attempt, and when to try again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from core import facts as f
from core.call import CallState, Outcome, Phase, fold
from core.moments import Hours
from core.promises import Wait
from core.result_codes import Cause

Attempted = Literal["reached", "busy", "no_answer", "declined", "failed"]
LOOK_S = 15.0  # how often a ringing telephone is looked at; the call has limits of its own
TOO_LONG_S = 600.0  # no telephone rings longer; that call was lost
RETRY_S = {"busy": 5 * 60.0, "no_answer": 30 * 60.0, "declined": 2 * 3600.0, "failed": 15 * 60.0}
MAX_SAID = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When and whom we may call back.

    `attempts`: in all. `numbers`: allowed beginnings. `own`: to call one of those would be a loop.
    """

    enabled: bool = False
    numbers: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    hours: Hours = field(default_factory=Hours)
    attempts: int = 3

    def allow(self, number: str) -> bool:
        """Whether this number may be called at all."""
        known = number.startswith("+") and number.startswith(self.numbers)
        return self.enabled and known and number not in self.own


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that was made to keep the promise."""

    call_id: str
    at: float
    outcome: Literal["", Attempted] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise to call `number` (personal data). Times are epoch seconds.

    `at`: what was promised; `next_at`: when the next attempt, or the next look at one, is due.
    """

    id: str
    call_id: str
    request_id: str
    number: str
    scenario: str
    agent: str
    topic: str
    asked_at: float
    at: float
    next_at: float
    status: Literal["scheduled", "calling", "reached", "failed", "cancelled"] = "scheduled"
    attempts: Sequence[Attempt] = ()
    version: int = 0


Step = Wait | Literal["dial", "look", "over"]


def next_step(callback: Callback, now: float) -> Step:
    """Return what a promised call needs now."""
    match callback.status:
        case "scheduled" | "calling" if now < callback.next_at:
            return Wait(until=callback.next_at)
        case "scheduled":
            return "dial"
        case "calling":
            return "look"
        case _:
            return "over"


def attempted(callback: Callback, outcome: Attempted, now: datetime, rules: Rules) -> Callback:
    """Return the promise after an attempt came to something; `now` on the callee's clock."""
    last = replace(callback.attempts[-1], outcome=outcome)
    tried = replace(callback, attempts=(*callback.attempts[:-1], last))
    if outcome == "reached":
        return replace(tried, status="reached")
    if len(tried.attempts) >= rules.attempts:
        return replace(tried, status="failed")
    later = datetime.fromtimestamp(now.timestamp() + RETRY_S[outcome], now.tzinfo)
    return replace(tried, status="scheduled", next_at=rules.hours.next(later).timestamp())


def outcome_of(call_id: str, log: Iterable[f.LogEntry]) -> Attempted | None:
    """Return what came of a call that we made; None while its telephone rings."""
    entries = tuple(log)
    state = fold(CallState(call_id=call_id), entries)
    if state.phase is not Phase.ENDED:
        return None if state.phase in (Phase.OFFERED, Phase.ANSWERED) else "reached"
    if state.outcome in (Outcome.COMPLETED, Outcome.TRANSFERRED):
        return "reached"
    facts = [entry.fact for entry in entries]
    if any(isinstance(fact, f.Connected) for fact in facts):
        return "reached"
    match state.cause:
        case Cause.BUSY:
            return "busy"
        case Cause.DECLINED | Cause.BLOCKED:
            return "declined"
        case Cause.FAULT | Cause.TOO_LATE:
            return "failed"
        case None if any(isinstance(fact, f.AnswerRefused) for fact in facts):
            return "failed"
        case _:
            return "no_answer"


def briefing(callback: Callback, record: dict[str, Any] | None) -> f.Briefed:
    """Return what the agent is told before the call: the topic, and what was said before.

    Who answers has proved nothing: no slot of the earlier call comes along.
    """
    said = [
        f"{who}: {turn[what]}"
        for turn in (record or {}).get("turns", ())
        for who, what in (("Caller", "caller"), (turn["agent"], "heard"))
        if turn[what]
    ]
    before = "\n".join(said)[-MAX_SAID:]
    text = f"You call back, as was promised in an earlier call. Topic: {callback.topic}."
    text += " Say who you are and why you call. Verify again before you tell or change anything."
    if before:
        text += f" The end of the earlier call:\n{before}"
    return f.Briefed(text=text, slots={"callback_topic": callback.topic or "your last call"})


CALLBACK: TypeAdapter[Callback] = TypeAdapter(Callback)
