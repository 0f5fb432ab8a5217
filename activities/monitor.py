"""How a relay that died without a word is missed: by its heartbeats, which no longer come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters import orders
from adapters.plane import Plane
from core import facts as f
from core.call_store import NewFact, Relay
from core.control_ports import Orchestrations

log = logging.getLogger("artvoice.calls")

LOOK_S = 0.2
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

    def silence(self, relay: Relay) -> float:
        """Return for how long a relay has said nothing, as far as we were there to hear it."""
        return self.until - max(relay.seen_at, self.since)


async def watch(
    order: Mapping[str, float], plane: Plane, durable: Orchestrations, *, turn_s: float = TURN_S
) -> dict[str, Any]:
    """Tell every call whose relay has fallen silent; return how far it was watched.

    `live`: whether a relay still has calls, so that watching must go on.
    """
    began = plane.clock()
    watched = Watch(order.get("since", began), order.get("until", began))
    told: set[str] = set()
    while True:
        now = plane.clock()
        watched.look(now)
        busy = [relay for relay in await plane.store.relays(seen_after=now - FORGET_S)
                if relay.calls]  # fmt: skip
        for relay in busy:
            silent = watched.silence(relay) >= plane.settings.relay_silent_seconds
            if silent and relay.relay_id not in told:
                told.add(relay.relay_id)
                await _tell(relay, plane, durable)
        if not busy or now - began >= turn_s:
            return {"live": bool(busy), "since": watched.since, "until": watched.until}
        await asyncio.sleep(LOOK_S)


async def _tell(relay: Relay, plane: Plane, durable: Orchestrations) -> None:
    """Tell the calls of a relay that it is lost; those that moved on meanwhile do not care."""
    lost = 0
    for live in relay.calls:
        call = await plane.store.call(live.call_id)
        if call is not None and call.ended_at is None and call.epoch == live.epoch:
            fact = f.RelayLost(epoch=live.epoch)
            new = NewFact(source="monitor", source_id=str(live.epoch), fact=fact)
            lost += len(await orders.append(call, [new], plane, durable))
    if lost:
        log.warning("a relay is silent", extra={"relay": relay.relay_id, "calls": lost})
