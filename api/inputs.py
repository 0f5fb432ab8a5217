"""What people send over REST, as types: handlers read them, `api.openapi` tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from adapters.settings.values import E164, NAME
from api.answers import CallbackStatus, TargetTold
from core.attempts import RETRY_S
from core.campaigns import MAX_TARGETS, CampaignStatus
from core.destinations import USER
from core.facts import ApprovalDecision
from core.transfers import MAX_SUMMARY

MAX_PAGE = 200
Text = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=300)]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE)]
CLOSED = ConfigDict(extra="forbid")  # `hour` for `hours` would ring people at night


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
class CampaignsQuery(Paging):
    status: Literal["", CampaignStatus] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsQuery(Paging):
    status: Literal["", TargetTold] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """`after`: the number of the last entry that is known."""

    after: Annotated[int, Field(ge=0, lt=10**9)] = 0
    limit: Limit = 50


# --- bodies ---------------------------------------------------------------------------------------


def _number(value: object) -> object:
    """Let no text or truth value pass for a number, but 7.0 for 7: JSON has one kind of numbers."""
    if isinstance(value, str | bool):
        raise PydanticCustomError("number_type", "not a number")
    return value


IsNumber = BeforeValidator(_number)
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
    """Ring a number. Without `scenario` it is the default one.

    Other fields are not read: clients of the ART accelerator send more.
    """

    target_number: PhoneNumber
    scenario: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignTarget(Purpose):
    """Whom to call, and what is special about this call."""

    __pydantic_config__ = CLOSED

    number: PhoneNumber


Minutes = Annotated[float, Field(strict=True, ge=1, le=7 * 24 * 60)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryMinutes:
    """How long to wait after each outcome before the next attempt."""

    __pydantic_config__ = CLOSED

    busy: Minutes = RETRY_S["busy"] / 60
    no_answer: Minutes = RETRY_S["no_answer"] / 60
    voicemail: Minutes = RETRY_S["voicemail"] / 60
    declined: Minutes = RETRY_S["declined"] / 60
    failed: Minutes = RETRY_S["failed"] / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOrder(Purpose):
    """Call everybody on a list. What a target says of its call goes before what is said here.

    `concurrency`: calls at once. `pace_seconds`: from one ring to the next. `hours`: like "9-17",
    on the clock of who is called, within the hours that the settings allow there.
    """

    __pydantic_config__ = CLOSED

    name: Annotated[str, Field(max_length=100, pattern=r"\S")]
    targets: Annotated[list[CampaignTarget], Field(min_length=1, max_length=MAX_TARGETS)]
    scenario: Text = ""
    concurrency: Annotated[int, Field(ge=1, le=50), IsNumber] = 2
    pace_seconds: Annotated[float, Field(strict=True, ge=0, le=3600)] = 1.0
    hours: Annotated[str, Field(pattern="^([0-9]{1,2}-[0-9]{1,2})?$")] = ""
    attempts: Annotated[int, Field(ge=1, le=10), IsNumber] = 3
    retry_minutes: RetryMinutes = field(default_factory=RetryMinutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpOrder:
    """End a call. `call_id` is for the path that does not name it."""

    call_id: Text = ""
    reason: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalOrder:
    """Decide. `name`: who decides."""

    __pydantic_config__ = CLOSED

    decision: Literal["approve", "deny"]
    name: Annotated[str, Field(max_length=100, pattern=r"\S")]
    reason: Reason = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOrder:
    """Tell the agent of a live call something that the caller does not hear. `name`: who does."""

    __pydantic_config__ = CLOSED

    text: Annotated[str, Field(max_length=500, pattern=r"\S")]
    name: Annotated[str, Field(max_length=100)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverOrder:
    """Have a live call's caller connected to a person.

    `to`: a name of `TRANSFER_TARGETS`, or where you are yourself: a number in E.164 form, or a
    user of our own resource (`8:acs:...`). `summary`: what it is about.
    """

    __pydantic_config__ = CLOSED

    to: Annotated[str, Field(pattern=f"^({NAME.pattern}|{E164.pattern}|{USER.pattern})$")]
    summary: Annotated[str, Field(max_length=MAX_SUMMARY)] = ""


CALLS_QUERY = TypeAdapter(CallsQuery)
APPROVALS_QUERY = TypeAdapter(ApprovalsQuery)
CALLBACKS_QUERY = TypeAdapter(CallbacksQuery)
CAMPAIGNS_QUERY = TypeAdapter(CampaignsQuery)
TARGETS_QUERY = TypeAdapter(TargetsQuery)
LOG_QUERY = TypeAdapter(LogQuery)
CAMPAIGN_ORDER = TypeAdapter(CampaignOrder)
OUTBOUND_ORDER = TypeAdapter(OutboundOrder)
HANG_UP_ORDER = TypeAdapter(HangUpOrder)
APPROVAL_ORDER = TypeAdapter(ApprovalOrder)
WHISPER_ORDER = TypeAdapter(WhisperOrder)
TAKE_OVER_ORDER = TypeAdapter(TakeOverOrder)
