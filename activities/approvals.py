"""What an approval needs: notices, an end, the approved action itself, and that it is told."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, assert_never

from adapters.plane import Plane
from core.call_store import NewFact, UnknownCall
from core.control_ports import Orchestrations, OrchestrationTrouble
from core.facts import ApprovalDecided
from core.promises import Approval, Step, Wait, next_step, notice

log = logging.getLogger("artvoice.approvals")

SOURCE = "approval"
SPARE_S = 2.0  # beyond what its tool may take, until nobody acts any more
RETRY_S = 5.0
RING_AGAIN_S = 30.0  # at first; then twice as long each time
MAX_RESULT = 600
UNSURE = frozenset({"timeout", "failed"})  # it may have been done: done again under the same key


async def review(approval_id: str, plane: Plane, durable: Orchestrations) -> dict[str, Any]:
    """Do what is due; return when to look again: `{"again": epoch seconds, or None: never}`.

    Two reviews at once do no harm: every change is conditional, every effect has a key.
    """
    while True:
        approval = await plane.approvals.get(approval_id)
        if approval is None:
            return {"again": None}  # its call's time was over, and everything of it was forgotten
        step = next_step(approval, plane.clock())
        if isinstance(step, Wait):
            return {"again": step.until}
        if step == "over":
            return {"again": None}
        await _do(step, approval, plane, durable)


async def _do(step: Step, approval: Approval, plane: Plane, durable: Orchestrations) -> None:
    now = plane.clock()
    match step:
        case "announce":
            later = now + max(RING_AGAIN_S, now - approval.asked_at)
            tried = replace(approval, announce_at=later)
            if await _ring(approval, "asked", plane):
                tried = replace(approval, announced_at=now)
            await plane.approvals.change(tried)
        case "remind":
            if await plane.approvals.change(replace(approval, reminded_at=now)):
                log.warning("an approval waits for a person", extra={"approval": approval.id})
                await _ring(approval, "reminder", plane)
        case "expire":
            expired = replace(approval, decision="expired", decided_at=now)
            await plane.approvals.change(expired)
        case "act":
            await _act(approval, plane)
        case "give_up":
            text = "It could not be done because of a technical problem."
            await plane.approvals.change(replace(approval, outcome="failed", result=text))
        case "tell":
            await _tell(approval, plane, durable)
        case "over" | Wait():
            return
        case _:
            assert_never(step)


async def _ring(approval: Approval, event: Literal["asked", "reminder"], plane: Plane) -> bool:
    """Tell people; True also where nothing listens, and they look for themselves."""
    if plane.bell is None:
        return True
    told = await plane.bell.ring(notice(approval, event, plane.settings.functions_base_url or ""))
    if not told:
        facts = {"approval": approval.id, "event": event}
        log.warning("a notice of an approval was not taken", extra=facts)
    return told


async def _act(approval: Approval, plane: Plane) -> None:
    from registries import ToolContext, longest_s, run_approved

    lease = plane.clock() + longest_s(approval.tool) + SPARE_S
    trying = replace(approval, tries=approval.tries + 1, acting_until=lease)
    if not await plane.approvals.change(trying):
        return
    today = datetime.fromtimestamp(plane.clock(), UTC).date()
    context = ToolContext(
        call_id=approval.call_id,
        customers=plane.customers,
        today=today,
        agent=approval.agent,
        idempotency_key=approval.id,
    )
    result = await run_approved(approval.tool, approval.details, context)
    tried = replace(trying, version=trying.version + 1)
    if result.error in UNSURE:
        tried = replace(tried, acting_until=plane.clock() + RETRY_S)
    else:
        outcome: Literal["done", "failed"] = "done" if result.ok else "failed"
        tried = replace(tried, outcome=outcome, result=result.text[:MAX_RESULT])
    await plane.approvals.change(tried)


async def _tell(approval: Approval, plane: Plane, durable: Orchestrations) -> None:
    """Put the decision on the call's record, and wake the call; another relay finds it there."""
    if not approval.decision:
        raise ValueError("nothing was decided yet")
    fact = ApprovalDecided(
        request_id=approval.request_id,
        decision=approval.decision,
        ok=approval.outcome != "failed",
        subject=approval.subject,
        by=approval.by,
        reason=approval.reason,
        text=approval.result,
    )
    decided = NewFact(source=SOURCE, source_id=approval.request_id, fact=fact)
    try:
        await plane.store.append(approval.call_id, [decided])
        await _woken(approval, plane, durable)
    except UnknownCall:
        log.info("the call of an approval is forgotten", extra={"approval": approval.id})
    told = replace(approval, told_at=plane.clock())
    if not plane.settings.keep_transcript:
        told = replace(told, subject="", details={}, reason="", result="")
    await plane.approvals.change(told)


async def _woken(approval: Approval, plane: Plane, durable: Orchestrations) -> None:
    from adapters import orders
    from adapters.archive import archive

    call_id = approval.call_id
    call = await plane.store.call(call_id)
    if call is not None and call.ended_at is not None:
        await archive(call_id, plane)  # its record holds what was promised and what came of it
        told = await plane.store.find(call_id, SOURCE, approval.request_id)
        if told is not None:  # what is still to be done is less now
            await orders.wrap_up(call_id, durable, round_=told.n)
        return
    try:
        await durable.poke(call_id)
    except OrchestrationTrouble:
        # The fact is in the log; the pump finds it at its next deadline.
        log.warning("a poke was lost", extra={"call_id": call_id}, exc_info=True)
