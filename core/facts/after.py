"""What is made of a call once it is over. Kept in its log, and decided upon by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CallerOutcome = Literal["resolved", "partly_resolved", "unresolved", "transferred", "unknown"]


Satisfaction = Literal["satisfied", "neutral", "dissatisfied", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnalysed:
    """What the call was about and came to, without personal data, and who says so (`by`).

    `by`: the provider of the model, or `facts` where only the log was counted up. `round` is the
    last entry of the log that was known then, 0 for the first time: the highest one counts.
    """

    round: int
    by: str
    summary: str = ""
    reason: str = ""
    outcome: CallerOutcome = "unknown"
    satisfaction: Satisfaction = "unknown"
    next_action: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["call_analysed"] = "call_analysed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpStep:
    """What became of one step of the wrap-up. `code` says why, without personal data."""

    round: int
    step: str
    outcome: Literal["ok", "skipped", "failed"]
    code: str = ""
    kind: Literal["wrap_up_step"] = "wrap_up_step"


AfterFact = CallAnalysed | WrapUpStep
