"""The carrier tells what happened to a call."""

from __future__ import annotations

import logging

from adapters import orders
from adapters.plane import Plane
from api.http import Problem, Reply, Request
from core.acs_events import Garbled, parse_callbacks
from core.call_store import NewFact
from core.control_ports import Orchestrations
from core.facts import OtherEvent

log = logging.getLogger("artvoice.calls")

MAX_CALLBACK = 256 * 1024


async def receive(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Store the events of a callback; 200 only once they are in the log."""
    if len(request.body) > MAX_CALLBACK:
        raise Problem(413, "the body is too large")
    try:
        events = parse_callbacks(request.body)
    except Garbled as error:
        raise Problem(400, str(error)) from error
    call = await plane.store.call(request.params["call_id"])
    if call is None:
        raise Problem(404, "no such call")
    for leg in {event.connection_id for event in events} - {""}:
        if await plane.store.bind_leg(call.call_id, leg) != leg:
            log.warning("a callback names another leg", extra={"call_id": call.call_id})
            raise Problem(403, "not this call's leg")
    for event in events:
        if isinstance(event.fact, OtherEvent) and not event.fact.known:
            extra = {"call_id": call.call_id, "type": event.fact.type}
            log.info("an event without meaning was kept", extra=extra)
    facts = [NewFact(source="carrier", source_id=each.id, fact=each.fact) for each in events]
    await orders.append(call, facts, plane, durable)
    return Reply()
