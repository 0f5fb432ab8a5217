"""What tools asked people for: listed, and decided once."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import replace

from adapters import orders
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_body, read_query
from core.call_store import NewFact, StoredCall
from core.control_ports import Orchestrations
from core.facts import ApprovalDecision, ApprovalRequested
from core.promises import Approval, promise_id

log = logging.getLogger("artvoice.approvals")

DECISIONS: dict[str, ApprovalDecision] = {"approve": "approved", "deny": "denied"}
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOLD_PEOPLE = ("announce_at", "announced_at", "reminded_at")
MAX_SUBJECT = 300
MAX_DETAILS = 8 * 1024


async def list_approvals(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List approvals, newest first: `?status=open|approved|denied|expired&limit=&continuation=`."""
    query = read_query(request, inputs.APPROVALS_QUERY)
    try:
        page = await plane.approvals.page(
            status=query.status, limit=query.limit, continuation=query.continuation
        )
    except ValueError as error:
        raise Problem(400, "continuation is not one of ours") from error
    found = [_shown(approval) for approval in page.promises]
    return ok(answers.ApprovalPage(approvals=found, continuation=page.continuation or None))


async def decide(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Approve or deny, once: `{"decision": "approve"|"deny", "name": ..., "reason": ...}`."""
    body = read_body(request, inputs.APPROVAL_ORDER)
    approval = await plane.approvals.get(request.params["approval_id"])
    if approval is None:
        raise Problem(404, "no such approval")
    now = plane.clock()
    decided = replace(
        approval,
        decision=DECISIONS[body.decision],
        decided_at=now,
        by=body.name.strip(),
        reason=body.reason.strip(),
    )
    open_still = not approval.decision and now < approval.due_at
    # That people were told may be written at this very moment; that is no reason to refuse.
    if not open_still or not await _written(decided, plane):
        raise Problem(409, "this is decided, or its time is over")
    await orders.wake_promise("approval", approval.id, durable)
    return ok(_shown(decided))


async def _written(decided: Approval, plane: Plane) -> bool:
    if await plane.approvals.change(decided):
        return True
    now = await plane.approvals.get(decided.id)
    if now is None or now.decision:
        return False
    seen = {name: getattr(now, name) for name in ("version", *TOLD_PEOPLE)}
    return await plane.approvals.change(replace(decided, **seen))


def _shown(approval: Approval) -> answers.ApprovalShown:
    return {
        "id": approval.id,
        "status": approval.decision or "open",
        "call_id": approval.call_id,
        "agent": approval.agent,
        "tool": approval.tool,
        "subject": approval.subject,
        "details": dict(approval.details),
        "asked_at": approval.asked_at,
        "due_at": approval.due_at,
        "reminded_at": approval.reminded_at,
        "decided_at": approval.decided_at,
        "decided_by": approval.by or None,
        "reason": approval.reason or None,
        "outcome": approval.outcome or None,
        "result": approval.result or None,
    }


# --- what a relay reports -------------------------------------------------------------------------


def is_sound(fact: ApprovalRequested) -> bool:
    """Whether a request may be kept as it is; its id goes into histories."""
    short = len(fact.subject) <= MAX_SUBJECT and len(json.dumps(fact.details)) <= MAX_DETAILS
    return short and REQUEST_ID.fullmatch(fact.request_id) is not None


async def keep(call: StoredCall, facts: Iterable[NewFact], plane: Plane) -> list[str]:
    """Keep what is asked for before the log says so; return the ids."""
    wait = plane.settings.approval_seconds
    now = plane.clock()
    kept = []
    for fact in (new.fact for new in facts):
        if isinstance(fact, ApprovalRequested):
            asked = Approval(
                id=promise_id(call.call_id, "approval", fact.request_id),
                call_id=call.call_id,
                request_id=fact.request_id,
                tool=fact.tool,
                agent=fact.agent,
                subject=fact.subject,
                details=fact.details,
                asked_at=now,
                announced_at=None if plane.bell else now,
                remind_at=now + wait / 2,
                due_at=now + wait,
            )
            kept.append((await plane.approvals.keep(asked)).id)
    return kept


async def begin(approval_ids: Iterable[str], durable: Orchestrations) -> None:
    """Have the orchestrations of these approvals live, when no call's orchestration does it."""
    for each in approval_ids:
        await durable.begin("approval", each, {"id": each})
