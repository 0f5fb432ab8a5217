"""The Event Grid functions: a phone rings, a recording has been written."""

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


@bp.function_name("on_recording_file")
@bp.event_grid_trigger(arg_name="event")
async def on_recording_file(event: func.EventGridEvent) -> None:
    """Note where the files of a recording are; to fail is to be delivered again."""
    from adapters.plane import plane
    from api.recordings import kept
    from core.acs_events import Garbled
    from core.acs_recordings import FILE_STATUS, parse_recorded_files

    name, _ = _name_and_time(event)
    if name != FILE_STATUS:
        log.info("ignored an event", extra={"type": name[:80]})
        return
    try:
        files = parse_recorded_files(str(event.subject), event.get_json())
    except Garbled:
        log.exception("an event about a recording could not be read")
        return
    await kept(files, plane())


def _name_and_time(event: func.EventGridEvent | func.CloudEvent) -> tuple[str, datetime | None]:
    """Read either schema; the worker decides which one an event has, whatever is annotated."""
    if isinstance(event, func.CloudEvent):
        return str(event.type), event.time
    return str(event.event_type), event.event_time
