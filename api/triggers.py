"""The Event Grid function: a phone rings."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import azure.durable_functions as df
import azure.functions as func

log = logging.getLogger("artvoice.api")

bp = df.Blueprint()


@bp.function_name("on_incoming_call")
@bp.event_grid_trigger(arg_name="event")
@bp.durable_client_input(client_name="client")
async def on_incoming_call(event: func.EventGridEvent, client: Any) -> None:
    """Answer the call of an event of either schema; to fail is to be delivered again."""
    from adapters.durable import DurableCalls
    from adapters.plane import plane
    from api.incoming import answer
    from core.acs_events import INCOMING_CALL, Garbled, parse_incoming_call

    name, rang = _name_and_time(event)
    if name != INCOMING_CALL:
        log.info("ignored an event", extra={"type": name[:80]})
        return
    try:
        ring = parse_incoming_call(event.get_json())
    except Garbled:
        log.exception("an incoming call could not be read")  # no redelivery would mend it
        return
    here = plane()
    rang_at = rang.timestamp() if rang else here.clock()
    await answer(ring, rang_at, here, DurableCalls(client))


def _name_and_time(event: func.EventGridEvent | func.CloudEvent) -> tuple[str, datetime | None]:
    """Read either schema; the worker decides which one an event has, whatever is annotated."""
    if isinstance(event, func.CloudEvent):
        return str(event.type), event.time
    return str(event.event_type), event.event_time
