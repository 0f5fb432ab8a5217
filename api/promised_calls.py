"""Calls that were promised: listed, and called off."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from adapters import orders, promising
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_query
from core.call_store import NewFact, StoredCall
from core.callbacks import Callback
from core.control_ports import Orchestrations
from core.dialling import FARTHEST_DAYS
from core.facts import CallbackRequested, CallbacksDropped, Fact
from core.promises import promise_id
from core.record import masked

log = logging.getLogger("artvoice.callbacks")

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_TOPIC = 300
LOOK_BACK_S = (FARTHEST_DAYS + 30) * 24 * 3600.0  # a promise may be late, too
MAX_CALLS = 10  # how many earlier calls of a number are looked at


async def list_callbacks(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List promised calls, newest first: `?status=scheduled|calling|...&limit=&continuation=`."""
    query = read_query(request, inputs.CALLBACKS_QUERY)
    try:
        page = await plane.callbacks.page(
            status=query.status, limit=query.limit, continuation=query.continuation
        )
    except ValueError as error:
        raise Problem(400, "continuation is not one of ours") from error
    found = [_shown(callback) for callback in page.promises]
    return ok(answers.CallbackPage(callbacks=found, continuation=page.continuation or None))


async def cancel(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Call a promised call off, as long as nobody is being rung."""
    callback = await plane.callbacks.get(request.params["callback_id"])
    if callback is None:
        raise Problem(404, "no such callback")
    cancelled = replace(callback, status="cancelled")
    waits = callback.status == "scheduled"
    if not waits or not await plane.callbacks.change(cancelled):
        raise Problem(409, "it is being made, or is over")
    await orders.wake_promise("callback", callback.id, durable)
    return ok(_shown(cancelled))


def _shown(callback: Callback) -> answers.CallbackShown:
    return {
        "id": callback.id,
        "status": callback.status,
        "call_id": callback.call_id,
        "number": masked(callback.number),
        "scenario": callback.scenario,
        "agent": callback.agent,
        "topic": callback.topic,
        "asked_at": callback.asked_at,
        "promised_at": callback.at,
        "next_at": callback.next_at if callback.status in ("scheduled", "calling") else None,
        "attempts": [answers.attempt_shown(each) for each in callback.attempts],
    }


# --- what a relay reports -------------------------------------------------------------------------


def is_sound(fact: CallbackRequested) -> bool:
    """Whether a promise may be kept as it is; its id goes into histories."""
    named = REQUEST_ID.fullmatch(fact.request_id) is not None
    return named and len(fact.topic) <= MAX_TOPIC and 0 <= fact.at < 1e11


async def keep(
    call: StoredCall, facts: Iterable[NewFact], plane: Plane, durable: Orchestrations
) -> list[str]:
    """Keep what was promised, or let go of it, before the log says so; return the ids kept."""
    kept = []
    told = [new.fact for new in facts]
    for n, fact in enumerate(told):
        if isinstance(fact, CallbackRequested):
            kept.append(await promising.keep(call, fact, plane))
        elif isinstance(fact, CallbacksDropped):
            # A host that died in this very report may have kept what is promised after this.
            await _drop(call, plane, durable, but=_promised(call, told[n:]))
    return kept


def _promised(call: StoredCall, told: Iterable[Fact]) -> set[str]:
    return {
        promise_id(call.call_id, "callback", fact.request_id)
        for fact in told
        if isinstance(fact, CallbackRequested)
    }


async def planned(call: StoredCall, plane: Plane) -> tuple[Callback, ...]:
    """Return the calls that were promised to this number lately and are still to be made."""
    since = plane.clock() - LOOK_BACK_S
    calls = await plane.store.calls_of(call.person, since=since, limit=MAX_CALLS)
    promised = await plane.callbacks.of([each.call_id for each in calls])
    return tuple(each for each in promised if each.status == "scheduled")


async def _drop(
    call: StoredCall, plane: Plane, durable: Orchestrations, *, but: Collection[str]
) -> None:
    for callback in await planned(call, plane):
        if callback.id in but:
            continue
        if await plane.callbacks.change(replace(callback, status="cancelled")):
            await orders.wake_promise("callback", callback.id, durable)


async def begin(callback_ids: Iterable[str], durable: Orchestrations) -> None:
    """Have their orchestrations live, when no call's orchestration does it."""
    for each in callback_ids:
        await durable.begin("callback", each, {"id": each})
