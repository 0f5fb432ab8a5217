"""Calls that we make: off unless enabled, to allowed numbers only."""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid4, uuid5

from adapters import outgoing
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_body
from core.control_ports import CarrierError, Orchestrations, OrchestrationTrouble

NOT_PLACED = "the carrier would not place the call"
KEY = re.compile("[!-~]{0,200}")


async def initiate(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Ring `target_number`; the same `Idempotency-Key` header rings once, and one number only."""
    body = read_body(request, inputs.OUTBOUND_ORDER)
    number = _allowed(body.target_number, plane)
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise Problem(400, "Idempotency-Key: at most 200 visible characters")
    call_id = str(uuid5(NAMESPACE_URL, f"artvoice:outbound|{key}") if key else uuid4())
    scenario = body.scenario or plane.settings.agent_scenario
    try:
        call = await outgoing.claim(call_id, number, scenario, plane)
    except LookupError as error:
        raise Problem(400, "scenario: unknown") from error
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


def _allowed(number: str, plane: Plane) -> str:
    settings = plane.settings
    if not settings.outbound_enabled:
        raise Problem(403, "outgoing calls are off; OUTBOUND_ENABLED=true allows them")
    if not number.startswith(settings.outbound_allowed_prefixes):
        raise Problem(403, "OUTBOUND_ALLOWED_PREFIXES does not allow this number")
    if number in settings.own_numbers:
        raise Problem(403, "this number is ours; the call would be a loop")
    return number
