"""Calls that we make: off unless enabled, to allowed numbers only."""

from __future__ import annotations

import logging
import re
from uuid import NAMESPACE_URL, uuid4, uuid5

from adapters.plane import Plane
from adapters.setting_values import E164
from api import orders
from api.http import Problem, Reply, Request, ok, read_object, text_of
from core import facts as f
from core.agents import Scenario
from core.control_ports import (
    CarrierError,
    NewFact,
    Once,
    Orchestrations,
    OrchestrationTrouble,
    StoredCall,
)

log = logging.getLogger("artvoice.calls")

NOT_PLACED = "the carrier would not place the call"
KEY = re.compile("[!-~]{0,200}")


async def initiate(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Ring `target_number`; the same `Idempotency-Key` header rings once, and one number only."""
    body = read_object(request)
    number = _allowed(text_of(body, "target_number"), plane)
    try:
        snapshot = plane.snapshot(text_of(body, "scenario") or plane.settings.agent_scenario)
    except LookupError as error:
        raise Problem(400, "scenario: unknown") from error
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise Problem(400, "Idempotency-Key: at most 200 visible characters")
    call_id = str(uuid5(NAMESPACE_URL, f"artvoice:outbound|{key}") if key else uuid4())
    await plane.keep(snapshot)
    call = await plane.store.claim(
        StoredCall(
            call_id=call_id,
            created_at=plane.clock(),
            direction=f.Direction.OUTBOUND,
            caller=plane.settings.acs_source_phone_number or "",
            called=number,
            scenario=snapshot.scenario.name,
            scenario_sha=snapshot.sha,
        )
    )
    if call.called != number:
        raise Problem(409, "this Idempotency-Key was used for another number")
    if await plane.store.find(call_id, "answer", "refused"):
        raise Problem(502, NOT_PLACED)
    if not await plane.store.find(call_id, "answer", "answered"):
        await _begin(call, snapshot.scenario, plane, durable)
        await _ring(call, plane, durable)
    return ok({"call_id": call_id, "status": "initiated"}, 202)


def _allowed(number: str, plane: Plane) -> str:
    settings = plane.settings
    if not settings.outbound_enabled:
        raise Problem(403, "outgoing calls are off; OUTBOUND_ENABLED=true allows them")
    if not E164.fullmatch(number):
        raise Problem(400, "target_number: not an E.164 number")
    if not number.startswith(settings.outbound_allowed_prefixes):
        raise Problem(403, "OUTBOUND_ALLOWED_PREFIXES does not allow this number")
    if number in settings.own_numbers:
        raise Problem(403, "this number is ours; the call would be a loop")
    return number


async def _begin(
    call: StoredCall, scenario: Scenario, plane: Plane, durable: Orchestrations
) -> None:
    try:
        await durable.start(orders.order(call, scenario, plane))
    except OrchestrationTrouble as error:
        raise Problem(503, "the durable back end does not answer; try again") from error


async def _ring(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    once = Once(key=f"{call.call_id}:create", at=call.created_at)
    try:
        leg = await plane.calls.create(call.called, plane.links(call.call_id), once)
    except CarrierError as error:
        log.warning("could not call out", extra={"call_id": call.call_id, "code": error.code})
        refused = f.AnswerRefused(reason=error.code)
        fact = NewFact(source="answer", source_id="refused", fact=refused)
        await orders.append(call, [fact], plane, durable)
        raise Problem(502, NOT_PLACED) from error
    bound = await plane.store.bind_leg(call.call_id, leg)
    answered = f.Answered(connection_id=bound)
    fact = NewFact(source="answer", source_id="answered", fact=answered)
    await orders.append(call, [fact], plane, durable)
