"""Whether there is room for one more call, and what becomes of one for which there is none.

Nothing is counted up or down: what is live is read from the store at each ring, where a call is
live from its claim to its record. Of calls that ring at the same time the first ones get in.
"""

from __future__ import annotations

import logging
from typing import Literal

from adapters.archive import archive
from adapters.plane import Plane
from adapters.relays import Relays
from core.call_store import NewFact, StoredCall
from core.carrier import Once
from core.facts import TurnedAway

log = logging.getLogger("artvoice.calls")

How = Literal["busy", "redirect", "message"]


async def has_room(call: StoredCall, relays: Relays, plane: Plane) -> bool:
    """Whether a call that was claimed may be answered."""
    most = plane.settings.admission_max_calls
    return relays is not Relays.FULL and await plane.store.live_before(call, most) < most


async def refuse(call: StoredCall, offer: str, once: Once, plane: Plane) -> None:
    """Have the carrier turn away a call that rings, and keep its record. Raises CarrierError.

    No orchestration is born for it: a flood of calls must cost little. Should this break off, the
    next delivery or the next host finds the call and ends it.
    """
    number = plane.settings.admission_redirect_to
    if plane.settings.admission_beyond == "redirect" and number:
        await plane.calls.redirect(offer, number, once)
        fact = turned_away("redirect")
    else:
        await plane.calls.reject(offer, once)
        fact = turned_away("busy")
    log.warning("turned a call away", extra={"call_id": call.call_id})
    await plane.store.append(call.call_id, [fact])
    await archive(call.call_id, plane)


def turned_away(how: How) -> NewFact:
    return NewFact(source="answer", source_id="turned away", fact=TurnedAway(how=how))
