"""What is told of approvals and of calls that were promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from api.answers.attempts import AttemptShown
from core.facts import ApprovalDecision

CallbackStatus = Literal["scheduled", "calling", "reached", "failed", "cancelled"]


class ApprovalShown(TypedDict):
    """What a tool asked people for; times are epoch seconds."""

    id: str
    status: Literal["open", ApprovalDecision]
    call_id: str
    agent: str
    tool: str
    subject: str
    details: Mapping[str, Any]
    asked_at: float
    due_at: float
    reminded_at: float | None
    decided_at: float | None
    decided_by: str | None
    reason: str | None
    outcome: str | None
    result: str | None


class ApprovalPage(TypedDict):
    approvals: list[ApprovalShown]
    continuation: str | None


class CallbackShown(TypedDict):
    """A call that was promised; the number is masked, times are epoch seconds."""

    id: str
    status: CallbackStatus
    call_id: str
    number: str
    scenario: str
    agent: str
    topic: str
    asked_at: float
    promised_at: float
    next_at: float | None
    attempts: list[AttemptShown]


class CallbackPage(TypedDict):
    callbacks: list[CallbackShown]
    continuation: str | None
