"""What is told of an attempt to reach somebody."""

from __future__ import annotations

from typing import Literal, TypedDict

from core.attempts import Attempt, Attempted


class AttemptShown(TypedDict):
    call_id: str
    at: float
    outcome: Literal["", Attempted]


def attempt_shown(attempt: Attempt) -> AttemptShown:
    """Return an attempt as it is shown."""
    return {"call_id": attempt.call_id, "at": attempt.at, "outcome": attempt.outcome}
