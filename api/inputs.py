"""What people send over REST, as types: handlers read them, `api.openapi` tells of them."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundOrder:
    """Ring a number. Without `scenario` it is the default one."""

    target_number: Annotated[str, Field(pattern=f"^{E164.pattern}$")]
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
