"""A promised call: when it is due, what came of each attempt, and when to try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from core.attempts import RETRY_S, Attempt, Attempted, settled
from core.dialling import Rules
from core.promises import Wait

CAN_CALL_BACK = "can_call_back"  # the slot that tells an agent that this caller may be called


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


def attempted(callback: Callback, outcome: Attempted, now: float, rules: Rules) -> Callback:
    """Return the promise after an attempt came to something."""
    tried = replace(callback, attempts=settled(callback.attempts, outcome))
    if outcome == "reached":
        return replace(tried, status="reached")
    if len(tried.attempts) >= rules.attempts:
        return replace(tried, status="failed")
    later = rules.window(callback.number).next(now + RETRY_S[outcome])
    return replace(tried, status="scheduled", next_at=later)


def postponed(callback: Callback, until: float, rules: Rules) -> Callback:
    """Return the promise after an attempt for which there was no room: it does not count."""
    later = rules.window(callback.number).next(until)
    return replace(callback, status="scheduled", attempts=callback.attempts[:-1], next_at=later)


CALLBACK: TypeAdapter[Callback] = TypeAdapter(Callback)
