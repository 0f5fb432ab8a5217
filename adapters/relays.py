"""Whether a relay could take a call now: by its heartbeat, else by asking, which also wakes one."""

from __future__ import annotations

from enum import StrEnum

from adapters.plane import Plane
from core.call_store import Relay

FRESH_S = 15.0  # a relay that is kept warm says something every 10 s
ASK_S = 0.25  # a phone rings meanwhile


class Relays(StrEnum):
    """What a call that comes now would find."""

    AWAKE = "awake"
    ASLEEP = "asleep"
    FULL = "full"


async def relays_now(plane: Plane) -> Relays:
    """Look whether a relay can take a call now."""
    known = await plane.store.relays(seen_after=plane.clock() - FRESH_S)
    there = [relay for relay in known if _there(relay, plane)]
    if any(relay.load < 1 for relay in there) or await plane.door.ready(ASK_S):
        return Relays.AWAKE
    return Relays.FULL if there else Relays.ASLEEP


def _there(relay: Relay, plane: Plane) -> bool:
    # One that has calls says something twice a second, unless it is dead.
    patience = plane.settings.relay_silent_seconds if relay.calls else FRESH_S
    return plane.clock() - relay.seen_at < patience and not relay.draining
