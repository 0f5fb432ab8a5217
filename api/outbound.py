"""Calls that we make: off unless enabled, to allowed numbers only."""

from __future__ import annotations

from adapters import outgoing
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, named, ok, read_body
from core.briefing import order_briefing
from core.call_store import NewFact, StoredCall
from core.carrier import CarrierError
from core.control_ports import Orchestrations, OrchestrationTrouble
from core.dialling import Full

NOT_PLACED = "the carrier would not place the call"


async def initiate(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Ring `target_number`; the same `Idempotency-Key` header rings once, and one number only."""
    body = read_body(request, inputs.OUTBOUND_ORDER)
    number = body.target_number
    refusal = plane.settings.outbound_rules.refusal(number)
    if refusal is not None:
        raise Problem(403, refusal)
    call_id = named(request, "outbound")
    call = await _claim(call_id, body, plane)
    if call.called != number:
        raise Problem(409, "this Idempotency-Key was used for another number")
    if await outgoing.refused(call, plane):
        raise Problem(502, NOT_PLACED)
    try:
        await outgoing.place(call, plane, durable)
    except CarrierError as error:
        raise Problem(502, NOT_PLACED) from error
    except OrchestrationTrouble as error:
        raise Problem(503, "the durable back end does not answer; try again") from error
    return ok(answers.Initiated(call_id=call_id, status="initiated"), 202)


async def _claim(call_id: str, body: inputs.OutboundOrder, plane: Plane) -> StoredCall:
    settings = plane.settings
    briefed = order_briefing(body.topic, body.task, body.context)
    facts = [NewFact(source="order", source_id="briefed", fact=briefed)] if briefed else []
    scenario = body.scenario or settings.agent_scenario
    try:
        return await outgoing.claim(call_id, body.target_number, scenario, plane, facts=facts)
    except LookupError as error:
        raise Problem(400, "scenario: unknown") from error
    except Full as full:
        reason = (
            f"OUTBOUND_MAX_PER_DAY: today's {settings.outbound_max_per_day} calls are made"
            if full.today
            else f"OUTBOUND_MAX_CONCURRENT: {settings.outbound_max_concurrent} calls are live"
        )
        wait = outgoing.room_again(full, plane) - plane.clock()
        raise Problem(429, reason, retry_after_s=wait) from full
