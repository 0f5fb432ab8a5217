"""What is told of calls: those that are live, and those that have a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import TypeAdapter

from core.facts import (
    ApprovalDecision,
    CallerOutcome,
    ConsentDecision,
    Direction,
    LogEntry,
    Satisfaction,
)
from core.result_codes import Cause


class CallLine(TypedDict):
    """A call in short; numbers are masked, times are epoch seconds."""

    call_id: str
    status: Literal["live", "ended"]
    direction: Direction
    caller: str
    called: str
    scenario: str
    started_at: float
    ended_at: float | None
    outcome: str | None
    ended_by: str | None


class CallPage(TypedDict):
    calls: list[CallLine]
    continuation: str | None


class RecordedTool(TypedDict):
    name: str
    arguments: Mapping[str, Any]
    ok: bool
    ms: int
    error: str


RecordedHandoff = TypedDict("RecordedHandoff", {"from": str, "to": str, "reason": str})


class RecordedTurn(TypedDict):
    """One turn: what was said, done and heard, and the relay's part of the wait.

    `keys`: the caller pressed them instead of saying something.
    """

    n: int
    caller: str
    keys: NotRequired[bool]
    agent: str
    reply: str
    heard: str
    interrupted: bool
    tools: list[RecordedTool]
    handoffs: list[RecordedHandoff]
    latency_ms: Mapping[str, float | str]
    partials_ms: list[int]
    engines: Mapping[str, str]
    usage: Mapping[str, int | str]
    wasted_answers: int


class Moment(TypedDict):
    """One fact of a call's life; what else it has depends on its kind."""

    n: int
    at: float
    late: bool
    kind: str


class Stumble(TypedDict):
    """An engine that failed: `name` of its chain, `spoken`: the caller was told.

    A `filter` refused the caller's words (`prompt`) or the model's (`reply`).
    """

    at: float
    engine: Literal["hearing", "thinking", "speaking", "tool", "filter"]
    cause: str
    name: str
    spoken: bool


class ConsentGiven(TypedDict):
    """What the caller said to being recorded; `announced`: was told of it and talked on."""

    decision: ConsentDecision
    at: float


class RecordedFile(TypedDict):
    """A file in the blobs; no name if the carrier wrote it elsewhere."""

    name: str
    ms: int


class Recorded(TypedDict):
    """How a call was recorded: `state` as ordered, `paused` times, and what went wrong."""

    state: Literal["off", "on", "paused", "over", "failed"]
    consent: list[ConsentGiven]
    paused: int
    files: list[RecordedFile]
    trouble: str


class Decided(TypedDict):
    """What a person decided about a request; `ok`: what was approved was done."""

    subject: str
    decision: ApprovalDecision
    ok: bool
    reason: str
    text: str


class StepDone(TypedDict):
    """What became of one step of the wrap-up, and why."""

    outcome: Literal["ok", "skipped", "failed"]
    code: str


class WrappedUp(TypedDict):
    """What was made of a call that is over, without personal data; `by`: who wrote it."""

    steps: Mapping[str, StepDone]
    by: NotRequired[str]
    summary: NotRequired[str]
    reason: NotRequired[str]
    outcome: NotRequired[CallerOutcome]
    satisfaction: NotRequired[Satisfaction]
    next_action: NotRequired[str]
    data: NotRequired[Mapping[str, Any]]


class CallShown(CallLine):
    """A call as its record tells it (`core.record`); the last two are known at its end."""

    schema: int
    phase: str
    cause: Cause | None
    answered_by: Literal["person", "voicemail", "menu", "nobody"] | None
    agent: str
    language: str | None
    epoch: int
    reconciled: bool
    unknown_events: int
    turns: list[RecordedTurn]
    handoffs: list[RecordedHandoff]
    timeline: list[Moment]
    stumbles: NotRequired[list[Stumble]]
    decisions: list[Decided]
    recording: Recorded | None
    wrap_up: WrappedUp | None
    scenario_sha: NotRequired[str]
    retention_days: NotRequired[int]


class Transcript(TypedDict):
    """Who said what in a call, and what it came to."""

    call_id: str
    scenario: str
    outcome: str | None
    ended_by: str | None
    turns: list[RecordedTurn]
    wrap_up: WrappedUp | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """What a call's record is made of. `more`: there are later entries."""

    call_id: str
    entries: tuple[LogEntry, ...]
    more: bool


LOG_PAGE = TypeAdapter(LogPage)


class Initiated(TypedDict):
    call_id: str
    status: Literal["initiated"]


class Terminating(TypedDict):
    call_id: str
    status: Literal["terminating"]


class Whispering(TypedDict):
    """`id`: by which the call's log names the note."""

    call_id: str
    id: str
    status: Literal["whispering"]


class TakingOver(TypedDict):
    """`id`: by which the call's log names the transfer."""

    call_id: str
    id: str
    status: Literal["transferring"]
