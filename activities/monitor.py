"""How a relay that died without a word is missed: by its heartbeats, which no longer come.

It may have died before it told of a call that it had just joined: such a call is missed by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters import orders
from adapters.archive import whole_log
from adapters.plane import Plane
from core import facts as f
from core.call import CallState, Media, fold
from core.call_store import NewFact, Relay, StoredCall
from core.control_ports import Orchestrations
from core.session import LiveCall

log = logging.getLogger("artvoice.calls")

LOOK_S = 0.2
LOOK_AT_CALLS_S = 1.0  # the calls that no relay names are read for it
TURN_S = 10.0  # of one activity; then the orchestration goes on with the next
BLIND_S = 0.75  # whoever was held up for this long may have held up heartbeats as well
FORGET_S = 15.0  # nothing is left to do for a relay that was missed so long ago


@dataclass(slots=True)
class Watch:
    """Since when, and until when, somebody has looked without a gap (epoch seconds)."""

    since: float
    until: float

    def look(self, now: float) -> None:
        """Look now; a gap begins the watch anew."""
        if now - self.until >= BLIND_S:
            self.since = now
        self.until = now

    def silence(self, said: Relay | StoredCall) -> float:
        """Return for how long nothing was heard of it, as far as we were there to hear."""
        return self.until - max(said.seen_at, self.since)


async def watch(
    order: Mapping[str, float], plane: Plane, durable: Orchestrations, *, turn_s: float = TURN_S
) -> dict[str, Any]:
    """Tell every call whose relay has fallen silent; return how far it was watched.

    `live`: whether a relay still has calls, so that watching must go on.
    """
    began = plane.clock()
    watched = Watch(order.get("since", began), order.get("until", began))
    told: set[str | LiveCall] = set()
    untold: tuple[StoredCall, ...] = ()
    looked_at = -LOOK_AT_CALLS_S
    while True:
        now = plane.clock()
        watched.look(now)
        relays = await plane.store.relays(seen_after=now - FORGET_S)
        busy = [relay for relay in relays if relay.calls]
        # With no other calls they are few, and the next look shows whether to go on at all.
        if now - looked_at >= LOOK_AT_CALLS_S or (untold and not busy):
            looked_at = now
            listed = {live for relay in busy for live in relay.calls}
            untold = await plane.store.joined(since=now - FORGET_S, beside=listed)
        patience = plane.settings.relay_silent_seconds
        for relay in busy:
            if watched.silence(relay) >= patience and relay.relay_id not in told:
                told.add(relay.relay_id)
                await _tell(relay.relay_id, relay.calls, plane, durable)
        for call in untold:
            live = call.at_relay
            if watched.silence(call) >= patience and live not in told:
                told.add(live)
                if await _is_joined(call, plane):
                    await _tell("", (live,), plane, durable)
        going = bool(busy or untold)
        if not going or now - began >= turn_s:
            return {"live": going, "since": watched.since, "until": watched.until}
        await asyncio.sleep(LOOK_S)


async def _is_joined(call: StoredCall, plane: Plane) -> bool:
    """Whether a relay has joined, as far as is known, and has not let go of the call by itself."""
    life = await whole_log(call.call_id, plane.store, life_only=True)
    state = fold(CallState(call_id=call.call_id), life)
    return state.media is Media.ATTACHED and state.epoch == call.epoch


async def _tell(
    relay_id: str, calls: Sequence[LiveCall], plane: Plane, durable: Orchestrations
) -> None:
    """Tell the calls of a relay that it is lost; those that moved on meanwhile do not care."""
    lost = 0
    for live in calls:
        call = await plane.store.call(live.call_id)
        if call is not None and call.ended_at is None and call.epoch == live.epoch:
            fact = f.RelayLost(epoch=live.epoch)
            new = NewFact(source="monitor", source_id=str(live.epoch), fact=fact)
            lost += len(await orders.append(call, [new], plane, durable))
    if lost:
        log.warning("a relay is silent", extra={"relay": relay_id, "calls": lost})
