"""What people send over REST, as types: handlers read them, `api.openapi` tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from adapters.setting_values import E164
from api.answers import CallbackStatus
from core.facts import ApprovalDecision

MAX_PAGE = 200
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=300)]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]


# --- queries --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """`continuation`: from the page before."""

    limit: Limit = 50
    continuation: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsQuery(Paging):
    status: Literal["", "live", "ended"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsQuery(Paging):
    status: Literal["", "open", ApprovalDecision] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksQuery(Paging):
    status: Literal["", CallbackStatus] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """`after`: the number of the last entry that is known."""

    after: Annotated[int, Field(ge=0, lt=10**9)] = 0
    limit: Limit = 50


# --- bodies ---------------------------------------------------------------------------------------


PhoneNumber = Annotated[str, Field(pattern=f"^{E164.pattern}$")]
Task = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=40)]
Detail = (
    Annotated[str, Field(max_length=300)]
    | Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
    | Annotated[float, Field(strict=True, ge=-1e15, le=1e15)]
)
Context = Annotated[Mapping[Name, Detail], Field(max_length=20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why we call. `topic` may be said ("your appointment"), `task` is for the agent alone.

    `context`: what else it may know; `call_context` in prompts and greetings.
    """

    topic: Text = ""
    task: Task = ""
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundOrder(Purpose):
    """Ring a number. Without `scenario` it is the default one."""

    target_number: PhoneNumber
    scenario: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpOrder:
    """End a call. `call_id` is for the path that does not name it."""

    call_id: Text = ""
    reason: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOrder:
    """Decide. `name`: who decides."""

    decision: Literal["approve", "deny"]
    name: Annotated[str, Field(max_length=100, pattern=r"\S")]
    reason: Reason = ""


CALLS_QUERY = TypeAdapter(CallsQuery)
APPROVALS_QUERY = TypeAdapter(ApprovalsQuery)
CALLBACKS_QUERY = TypeAdapter(CallbacksQuery)
LOG_QUERY = TypeAdapter(LogQuery)
OUTBOUND_ORDER = TypeAdapter(OutboundOrder)
HANG_UP_ORDER = TypeAdapter(HangUpOrder)
APPROVAL_ORDER = TypeAdapter(ApprovalOrder)
