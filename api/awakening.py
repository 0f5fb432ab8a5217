"""What a host does once, with its first request: wake the calls that another host left live."""

from __future__ import annotations

import logging
from weakref import WeakSet

from adapters import orders
from adapters.plane import Plane
from core.control_ports import Orchestrations

log = logging.getLogger("artvoice.calls")

MOST = 200

_awake: WeakSet[Plane] = WeakSet()


async def once(plane: Plane, durable: Orchestrations) -> None:
    """Poke every live call, campaign and overdue call back, or give birth to a lost orchestration.

    An orchestration that lives finds nothing new and waits on. Never on the way of a phone that
    rings: Event Grid's function does not call this.
    """
    if plane in _awake:
        return
    _awake.add(plane)  # at once: requests that come meanwhile need not wait
    woken = False
    try:
        await _all(plane, durable)
        woken = True
    finally:
        if not woken:  # the next request tries again
            _awake.discard(plane)


async def _all(plane: Plane, durable: Orchestrations) -> None:
    page = await plane.store.calls(limit=MOST, ended=False)
    for call in page.calls:
        try:
            await orders.wake(call, plane, durable)
        except LookupError:  # its scenario is gone: nobody can go on with it, others can
            log.exception("a live call could not be woken", extra={"call_id": call.call_id})
    running = await plane.campaigns.page(status="running", limit=MOST)
    for campaign in running.promises:
        await orders.wake_promise("campaign", campaign.id, durable)
    promised = await plane.callbacks.page(status="scheduled", limit=MOST)
    for callback in promised.promises:
        if callback.next_at <= plane.clock():  # the others wait for their time by themselves
            await orders.wake_promise("callback", callback.id, durable)
