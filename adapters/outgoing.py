"""How a call of ours is placed: claimed, its orchestration born, its telephone rung; once each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict

from adapters import orders
from adapters.plane import Plane
from adapters.relays import Relays, relays_now
from core import facts as f
from core.agents import Scenario
from core.call_store import NewFact, StoredCall
from core.carrier import CarrierError, Once
from core.control_ports import Orchestrations
from core.dialling import Full

log = logging.getLogger("artvoice.calls")

SOON_S = 30.0
DAY_S = 86_400.0


async def claim(
    call_id: str,
    number: str,
    scenario: str,
    plane: Plane,
    *,
    facts: Sequence[NewFact] = (),
) -> StoredCall:
    """Have the call in the store, and what its agent is to know in its log.

    Raises LookupError for an unknown scenario, Full when there is no room for another call.
    """
    snapshot = plane.snapshot(scenario)
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
        ),
        plane.settings.outbound_caps(plane.clock()),
        limits=asdict(plane.settings.limits),
    )
    if facts:
        await plane.store.append(call_id, facts)
    return call


def room_again(full: Full, plane: Plane) -> float:
    """Return when there may be room: soon, or with the next day. Epoch seconds."""
    now = plane.clock()
    if not full.today:
        return now + SOON_S
    return plane.settings.outbound_caps(now + DAY_S).day_began


async def place(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    """Ring it, unless that was done before. Raises CarrierError, OrchestrationTrouble."""
    if await plane.store.find(call.call_id, "answer", "answered"):
        return
    await durable.start(orders.order(call, _scenario(call, plane), plane))
    once = Once(key=f"{call.call_id}:create", at=call.created_at)
    awake = await relays_now(plane) is Relays.AWAKE
    links = plane.links(call.call_id)
    try:
        leg = await plane.calls.create(call.called, links, once, streaming=awake)
    except CarrierError as error:
        log.warning("could not call out", extra={"call_id": call.call_id, "code": error.code})
        refused = f.AnswerRefused(reason=error.code)
        fact = NewFact(source="answer", source_id="refused", fact=refused)
        await orders.append(call, [fact], plane, durable)
        raise
    bound = await plane.store.bind_leg(call.call_id, leg)
    answered = f.Answered(connection_id=bound, streaming=awake)
    fact = NewFact(source="answer", source_id="answered", fact=answered)
    await orders.append(call, [fact], plane, durable)


async def ring(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    """Ring it for whoever looks into its log for what came of it, a refusal too."""
    if not await refused(call, plane):
        with suppress(CarrierError):
            await place(call, plane, durable)


async def refused(call: StoredCall, plane: Plane) -> bool:
    """Whether the carrier would not ring it."""
    return await plane.store.find(call.call_id, "answer", "refused") is not None


def _scenario(call: StoredCall, plane: Plane) -> Scenario:
    return plane.snapshot(call.scenario).scenario
