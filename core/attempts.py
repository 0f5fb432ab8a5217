"""An attempt to reach somebody: the call that was made, what came of it, and when to try again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core import facts as f
from core.call import CallState, Outcome, Phase, fold
from core.result_codes import Cause

Missed = Literal["busy", "no_answer", "voicemail", "declined", "failed"]
Attempted = Literal["reached", Missed]
LOOK_S = 15.0  # how often a ringing telephone is looked at; the call has limits of its own
TOO_LONG_S = 600.0  # no telephone rings longer; that call was lost
# A busy line is free soon; who did not hear it is away; who declined wants to be left alone.
RETRY_S: Mapping[Missed, float] = {
    "busy": 5 * 60.0,
    "no_answer": 30 * 60.0,
    "voicemail": 2 * 3600.0,
    "declined": 2 * 3600.0,
    "failed": 15 * 60.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call that was made; `outcome` is empty while its telephone rings."""

    call_id: str
    at: float
    outcome: Literal["", Attempted] = ""


def settled(attempts: Sequence[Attempt], outcome: Attempted) -> tuple[Attempt, ...]:
    """Return the attempts after the last one came to something."""
    return (*attempts[:-1], replace(attempts[-1], outcome=outcome))


def outcome_of(state: CallState, log: Iterable[f.LogEntry]) -> Attempted | None:
    """Return what came of a call that we made; None while its telephone rings.

    Whoever heard an apology instead of an agent was not reached, nor was a line on which nobody
    said a word, and a machine that answered was nobody, unless the agent was to go on with it.
    """
    facts = [entry.fact for entry in log]
    answers = [fact for fact in facts if isinstance(fact, f.AnsweredBy)]
    if answers and answers[-1].action not in ("", "go_on"):
        return "voicemail"
    talks = any(_of_a_talk(fact) for fact in facts)
    if state.phase is not Phase.ENDED:
        return "reached" if state.epoch and talks else None
    if answers and not talks:
        return "no_answer"
    if state.outcome in (Outcome.COMPLETED, Outcome.TRANSFERRED):
        return "reached"
    if any(isinstance(fact, f.Connected) for fact in facts):
        return "reached" if state.epoch else "failed"
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


def _of_a_talk(fact: f.Fact) -> bool:
    """Whether somebody is there: a person answered, or whoever it was has said something."""
    match fact:
        case f.AnsweredBy(who=who, action=action):
            return who == "person" or action == "go_on"
        case f.CallerSaid(turn=turn):
            return turn > 0
        case f.HandedOff() | f.TransferRequested():
            return True
        case _:
            return False


def folded(call_id: str, log: Sequence[f.LogEntry]) -> CallState:
    """Return how a call stands."""
    return fold(CallState(call_id=call_id), log)
