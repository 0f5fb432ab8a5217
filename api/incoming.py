"""A phone rings: claim the call, answer, have its orchestration live.

Every step may be done again by a redelivery, and does nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import asdict
from uuid import NAMESPACE_URL, uuid5
from weakref import WeakValueDictionary

from adapters import orders
from adapters.plane import Plane, Snapshot
from adapters.relays import Relays, relays_now
from api import admission
from core import facts as f
from core.acs_events import IncomingCall
from core.call_store import NewFact, StoredCall
from core.carrier import CarrierError, Once, Trouble
from core.control_ports import Orchestrations
from core.record import masked

log = logging.getLogger("artvoice.calls")

SETTLED = (f.Answered, f.AnswerRefused, f.TurnedAway, f.Connected, f.ConnectFailed, f.Disconnected)
# Two deliveries of one event in one process take turns: the second finds the first one's answer.
_ringing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


def call_id_of(ring: IncomingCall) -> str:
    """Name a call after what stays the same in every delivery of its event."""
    return str(uuid5(NAMESPACE_URL, f"artvoice:{ring.correlation_id}|{ring.called_raw_id}"))


async def answer(ring: IncomingCall, rang_at: float, plane: Plane, durable: Orchestrations) -> str:
    """Answer a call, or go on where an earlier delivery stopped; return its id.

    `rang_at`: the event's own time in epoch seconds. Raises CarrierError when it is worth another
    delivery. Returns "" for a call that is ignored.
    """
    if ring.caller in plane.settings.own_numbers:
        log.warning("ignored a call from our own number", extra={"pii.caller": masked(ring.caller)})
        return ""
    call_id = call_id_of(ring)
    lock = _ringing.setdefault(call_id, asyncio.Lock())
    async with lock:
        (call, snapshot), found = await asyncio.gather(
            _claim(call_id, ring, plane), relays_now(plane)
        )
        if await _settled(call_id, plane):
            if call.ended_at is None:  # the first delivery may have died before it
                await orders.wake(call, plane, durable)
            return call_id
        once = Once(key=f"{call_id}:answer", at=rang_at)
        room = await admission.has_room(call, found, plane)
        if not room and plane.settings.admission_beyond != "message":
            late = await _in_time(
                call, once, plane, admission.refuse(call, ring.offer, once, plane)
            )
            if isinstance(late, NewFact):
                await orders.append(call, [late], plane, durable)
            return call_id
        # At the same time: the caller waits for the one, nobody for the other. Should it fail,
        # every fact that wakes an orchestration gives birth to one that is missing.
        # The order is that of the scenario the call was claimed with, whatever is deployed now.
        same = call.scenario_sha == snapshot.sha
        facts, born = await asyncio.gather(
            _answer(call, ring.offer, once, plane, streaming=room and found is Relays.AWAKE),
            durable.start(orders.order(call, snapshot.scenario, plane))
            if same
            else orders.start(call, plane, durable),
            return_exceptions=True,
        )
        if isinstance(facts, BaseException):
            raise facts
        if not room:
            facts = (admission.turned_away("message"), *facts)
        await orders.append(call, facts, plane, durable)
        if born is not None:
            raise born
    return call_id


async def _claim(call_id: str, ring: IncomingCall, plane: Plane) -> tuple[StoredCall, Snapshot]:
    snapshot = _scenario(ring, plane)
    await plane.keep(snapshot)
    call = await plane.store.claim(
        StoredCall(
            call_id=call_id,
            created_at=plane.clock(),
            direction=f.Direction.INBOUND,
            caller=ring.caller,
            called=ring.called,
            scenario=snapshot.scenario.name,
            scenario_sha=snapshot.sha,
        ),
        limits=asdict(plane.settings.limits),
    )
    return call, snapshot


def _scenario(ring: IncomingCall, plane: Plane) -> Snapshot:
    if ring.scenario and plane.settings.scenario_from_header:
        try:
            return plane.snapshot(ring.scenario)
        except LookupError:
            log.warning("a caller asked for an unknown scenario")
    by_number = plane.settings.scenario_numbers.get(ring.called)
    return plane.snapshot(by_number or plane.settings.agent_scenario)


async def _settled(call_id: str, plane: Plane) -> bool:
    page = await plane.store.log(call_id, limit=50, life_only=True)
    return any(isinstance(entry.fact, SETTLED) for entry in page.entries)


async def _answer(
    call: StoredCall, offer: str, once: Once, plane: Plane, *, streaming: bool
) -> tuple[NewFact, ...]:
    links = plane.links(call.call_id)
    answering = plane.calls.answer(offer, links, once, streaming=streaming)
    leg = await _in_time(call, once, plane, answering)
    if isinstance(leg, NewFact):
        return (leg,)
    plane.measured(call.call_id, "answer", once.at, "ok")  # from the event's own time
    bound = await plane.store.bind_leg(call.call_id, leg)
    answered = f.Answered(connection_id=bound, streaming=streaming)
    return (NewFact(source="answer", source_id="answered", fact=answered),)


async def _in_time[T](
    call: StoredCall, once: Once, plane: Plane, request: Awaitable[T]
) -> T | NewFact:
    """Ask the carrier; return its answer, or the fact that it is too late. Raises CarrierError."""
    try:
        return await request
    except CarrierError as error:
        if error.trouble not in {Trouble.GONE, Trouble.CONFLICT}:
            log.warning("could not answer", extra={"call_id": call.call_id, "code": error.code})
            raise
        log.warning("too late to answer", extra={"call_id": call.call_id, "code": error.code})
        plane.measured(call.call_id, "answer", once.at, error.code)
        refused = f.AnswerRefused(reason=error.code)
        return NewFact(source="answer", source_id="refused", fact=refused)
