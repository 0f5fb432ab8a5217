"""What a promised call needs: to be made when it is due, looked after, and made again."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters import outgoing
from adapters.archive import whole_log
from adapters.plane import Plane
from core.attempts import LOOK_S, TOO_LONG_S, Attempt, folded, outcome_of
from core.briefing import callback_briefing
from core.call_store import NewFact
from core.callbacks import Callback, attempted, next_step, postponed
from core.control_ports import Orchestrations
from core.dialling import Full
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
    rules = plane.settings.outbound_rules
    now = plane.clock()
    if not rules.allow(callback.number):
        await plane.callbacks.change(replace(callback, status="failed"))
        return
    window = rules.window(callback.number)
    if not window.allows(now):  # the host was away at the time, or the hours were changed
        await plane.callbacks.change(replace(callback, next_at=window.next(now)))
        return
    name = f"artvoice:callback|{callback.id}|{len(callback.attempts)}"
    attempt = Attempt(call_id=str(uuid5(NAMESPACE_URL, name)), at=now)
    calling = replace(
        callback,
        status="calling",
        attempts=(*callback.attempts, attempt),
        next_at=now + LOOK_S,
    )
    if await plane.callbacks.change(calling):
        await _place(replace(calling, version=calling.version + 1), plane, durable)


async def _look(callback: Callback, plane: Plane, durable: Orchestrations) -> None:
    """See what came of an attempt; one that was cut short by a crash is made now."""
    call_id = callback.attempts[-1].call_id
    if not await _place(callback, plane, durable):
        return
    log_of_it = await whole_log(call_id, plane.store)
    outcome = outcome_of(folded(call_id, log_of_it), log_of_it)
    if outcome is None and plane.clock() - callback.attempts[-1].at > TOO_LONG_S:
        outcome = "failed"
    if outcome is None:
        looked = replace(callback, next_at=plane.clock() + LOOK_S)
    else:
        looked = attempted(callback, outcome, plane.clock(), plane.settings.outbound_rules)
        facts = {"callback": callback.id, "outcome": outcome, "status": looked.status}
        log.info("an attempt to call back is over", extra=facts)
    await plane.callbacks.change(looked)


async def _place(callback: Callback, plane: Plane, durable: Orchestrations) -> bool:
    """Ring; False when there is no room, and the attempt is put off."""
    earlier = await plane.store.call(callback.call_id)
    briefed = callback_briefing(callback.topic, earlier.record if earlier else None)
    fact = NewFact(source="callback", source_id="briefed", fact=briefed)
    call_id = callback.attempts[-1].call_id
    number, scenario = callback.number, callback.scenario
    try:
        call = await outgoing.claim(call_id, number, scenario, plane, facts=[fact])
    except Full as full:
        until = outgoing.room_again(full, plane)
        await plane.callbacks.change(postponed(callback, until, plane.settings.outbound_rules))
        return False
    except LookupError:
        log.exception("a promised call's scenario is gone", extra={"callback": callback.id})
        now, rules = plane.clock(), plane.settings.outbound_rules
        await plane.callbacks.change(attempted(callback, "failed", now, rules))
        return False
    await outgoing.ring(call, plane, durable)
    return True
