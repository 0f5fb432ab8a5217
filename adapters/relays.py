"""Whether a relay could take a call now: by its heartbeat, else by asking, which also wakes one."""

from __future__ import annotations

from adapters.plane import Plane
from core.control_ports import Relay

FRESH_S = 15.0  # a relay that is kept warm says something every 10 s
ASK_S = 0.25  # a phone rings meanwhile


async def awake(plane: Plane) -> bool:
    """Whether a relay can take a call now."""
    relays = await plane.store.relays(seen_after=plane.clock() - FRESH_S)
    return any(_could(relay, plane) for relay in relays) or await plane.door.ready(ASK_S)


def _could(relay: Relay, plane: Plane) -> bool:
    # One that has calls says something twice a second, unless it is dead.
    patience = plane.settings.relay_silent_seconds if relay.calls else FRESH_S
    heard = plane.clock() - relay.seen_at < patience
    return heard and not relay.draining and relay.load < 1
