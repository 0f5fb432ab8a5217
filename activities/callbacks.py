"""What a promised call needs: to be made when it is due, looked after, and made again."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from adapters import outgoing
from adapters.archive import whole_log
from adapters.plane import Plane
from core.callbacks import (
    LOOK_S,
    TOO_LONG_S,
    Attempt,
    Callback,
    attempted,
    briefing,
    next_step,
    outcome_of,
)
from core.control_ports import CarrierError, NewFact, Orchestrations
from core.promises import Wait

log = logging.getLogger("artvoice.callbacks")


async def review(callback_id: str, plane: Plane, durable: Orchestrations) -> dict[str, Any]:
    """Do what is due; return when to look again: `{"again": epoch seconds, or None: never}`."""
    while True:
        callback = await plane.callbacks.get(callback_id)
        if callback is None:
            return {"again": None}
        match next_step(callback, plane.clock()):
            case Wait(until=until):
                return {"again": until}
            case "dial":
                await _dial(callback, plane, durable)
            case "look":
                await _look(callback, plane, durable)
            case _:
                return {"again": None}


async def _dial(callback: Callback, plane: Plane, durable: Orchestrations) -> None:
    """Make the next attempt; it is written down before it is made."""
    rules = plane.settings.callback_rules
    now = _local(plane)
    if not rules.allow(callback.number):
        await plane.callbacks.change(replace(callback, status="failed"))
        return
    if not rules.hours.allow(now):  # the host was away at the time, or the hours were changed
        later = rules.hours.next(now).timestamp()
        await plane.callbacks.change(replace(callback, next_at=later))
        return
    name = f"artvoice:callback|{callback.id}|{len(callback.attempts)}"
    attempt = Attempt(call_id=str(uuid5(NAMESPACE_URL, name)), at=now.timestamp())
    calling = replace(
        callback,
        status="calling",
        attempts=(*callback.attempts, attempt),
        next_at=now.timestamp() + LOOK_S,
    )
    if await plane.callbacks.change(calling):
        await _place(calling, plane, durable)


async def _look(callback: Callback, plane: Plane, durable: Orchestrations) -> None:
    """See what came of an attempt; one that was cut short by a crash is made now."""
    call_id = callback.attempts[-1].call_id
    await _place(callback, plane, durable)
    outcome = outcome_of(call_id, await whole_log(call_id, plane.store))
    if outcome is None and plane.clock() - callback.attempts[-1].at > TOO_LONG_S:
        outcome = "failed"
    if outcome is None:
        looked = replace(callback, next_at=plane.clock() + LOOK_S)
    else:
        looked = attempted(callback, outcome, _local(plane), plane.settings.callback_rules)
        facts = {"callback": callback.id, "outcome": outcome, "status": looked.status}
        log.info("an attempt to call back is over", extra=facts)
    await plane.callbacks.change(looked)


async def _place(callback: Callback, plane: Plane, durable: Orchestrations) -> None:
    earlier = await plane.store.call(callback.call_id)
    briefed = briefing(callback, earlier.record if earlier else None)
    fact = NewFact(source="callback", source_id="briefed", fact=briefed)
    call_id = callback.attempts[-1].call_id
    call = await outgoing.claim(call_id, callback.number, callback.scenario, plane, facts=[fact])
    if await outgoing.refused(call, plane):
        return
    try:
        await outgoing.place(call, plane, durable)
    except CarrierError:
        return  # it is in that call's log, where it is looked for


def _local(plane: Plane) -> datetime:
    return datetime.fromtimestamp(plane.clock(), ZoneInfo(plane.settings.callback_timezone))
