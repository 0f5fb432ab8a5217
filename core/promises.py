"""What was promised in a call and may outlive it; and a request to a person, as it is kept.

Each promise is one document and one orchestration of the same id. `version` is the store's: a
change is written only where nobody else changed the document in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from pydantic import TypeAdapter

from core.facts import ApprovalDecision

MAX_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A person is asked whether `tool` may do what `details` say. Times are epoch seconds.

    `announced_at`: people were told, or look for themselves; `announce_at`: not tried before.
    `tries`: how often it was begun; `acting_until`: nobody else begins before. `outcome` and
    `result`: what came of doing it. `told_at`: the call's log has the decision.
    """

    id: str
    call_id: str
    request_id: str
    tool: str
    agent: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    asked_at: float
    remind_at: float
    due_at: float
    announce_at: float = 0.0
    announced_at: float | None = None
    reminded_at: float | None = None
    decision: Literal["", ApprovalDecision] = ""
    decided_at: float | None = None
    by: str = ""
    reason: str = ""
    tries: int = 0
    acting_until: float = 0.0
    outcome: Literal["", "done", "failed"] = ""
    result: str = ""
    told_at: float | None = None
    version: int = 0

    @property
    def status(self) -> str:
        """How it stands, in the word that people list it by."""
        return self.decision or "open"


Notice = Mapping[str, str | float]
Kind = Literal["approval", "callback", "transfer"]


def promise_id(call_id: str, kind: Kind, request_id: str) -> str:
    """Name a promise for ever: the same at every attempt to make it."""
    return f"{call_id}:{kind}:{request_id}"


def request_of(promise: str) -> str:
    """Return the request that a promise's name was made of."""
    return promise.rpartition(":")[2]


# --- what is next ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing is to be done before `until`."""

    until: float


Step = Wait | Literal["announce", "remind", "expire", "act", "give_up", "tell", "over"]


def next_step(approval: Approval, now: float) -> Step:
    """Return what an approval needs now."""
    if approval.told_at is not None:
        return "over"
    if not approval.decision:
        return _undecided(approval, now)
    if approval.decision == "approved" and not approval.outcome:
        if now < approval.acting_until:
            return Wait(until=approval.acting_until)
        return "act" if approval.tries < MAX_TRIES else "give_up"
    return "tell"


def _undecided(approval: Approval, now: float) -> Step:
    if now >= approval.due_at:
        return "expire"
    if approval.reminded_at is not None:
        return Wait(until=approval.due_at)
    if now >= approval.remind_at:
        return "remind"
    if approval.announced_at is not None:
        return Wait(until=approval.remind_at)
    waits = Wait(until=min(approval.announce_at, approval.remind_at))
    return "announce" if now >= approval.announce_at else waits


def notice(approval: Approval, event: Literal["asked", "reminder"], base_url: str) -> Notice:
    """Return what people are told of an approval; what it is about they read over REST."""
    until = datetime.fromtimestamp(approval.due_at, UTC)
    where = f"{base_url}/api/v1/approvals?status=open"
    who = f"{approval.agent or 'An agent'} asks whether {approval.tool} may be done"
    return {
        "id": f"{approval.id}:{event}",
        "event": f"approval.{event}",
        "text": f"{who}. Decide by {until:%a %H:%M} UTC: {where}",
        "approval_id": approval.id,
        "call_id": approval.call_id,
        "tool": approval.tool,
        "agent": approval.agent,
        "asked_at": approval.asked_at,
        "due_at": approval.due_at,
        "url": where,
    }


# --- what keeps and runs them ---------------------------------------------------------------------


class Promise(Protocol):
    """What a store must know of a promise, which is a frozen dataclass."""

    @property
    def id(self) -> str: ...

    @property
    def call_id(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def asked_at(self) -> float: ...

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[P]:
    """Promises, newest first; `continuation` is empty on the last page."""

    promises: tuple[P, ...]
    continuation: str


class PromiseStore[P](Protocol):
    """Promises of one kind by id. Every write is conditional."""

    async def keep(self, promise: P) -> P:
        """Create it unless it exists; return what is stored."""
        ...

    async def get(self, promise_id: str) -> P | None: ...

    async def change(self, promise: P) -> bool:
        """Write it if its version is still the stored one; False when somebody was faster."""
        ...

    async def page(self, *, status: str = "", limit: int = 50, continuation: str = "") -> Page[P]:
        """List them, newest first. Raises ValueError for a continuation that is not ours."""
        ...

    async def of(self, call_ids: Sequence[str]) -> tuple[P, ...]:
        """Return what was promised in these calls, in the order of their ids."""
        ...

    async def forget(self, call_ids: Sequence[str]) -> None:
        """Remove what was promised in these calls."""
        ...

    async def aclose(self) -> None: ...


APPROVAL: TypeAdapter[Approval] = TypeAdapter(Approval)
