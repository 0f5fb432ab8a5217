"""What the call store knows by direction and by number: room for calls, and who rang before.

Outgoing calls take their place in the list together with a change of one document, `outgoing`, so
that of two processes which saw the same room one has to look again.
"""

from __future__ import annotations

import asyncio
import random

from adapters.cosmos import Contended, CosmosContainer, Document, creating, patching
from adapters.cosmos_documents import LIST, listed, name, phone_partition
from core.call_store import StoredCall
from core.dialling import Caps, Full

OUTGOING = "outgoing"
TRIES = 40
MAX_PAUSE_S = 0.1


async def admit(container: CosmosContainer, place: Document, caps: Caps) -> None:
    """Put an outgoing call on the list, unless it is there. Raises Full, Contended."""
    for _ in range(TRIES):
        if await container.read(LIST, place["id"]) is not None:
            return
        head = await _head(container)
        today = head["count"] if head["day"] == caps.day_began else 0
        if await _live(container, caps) >= caps.concurrent:
            raise Full(today=False)
        if today >= caps.per_day:
            raise Full(today=True)
        counted = {"day": caps.day_began, "count": today + 1}
        changes = [patching(OUTGOING, counted, etag=head["_etag"]), creating(place)]
        if await container.batch(LIST, changes):
            return
        await asyncio.sleep(random.uniform(0, MAX_PAUSE_S))  # noqa: S311
    raise Contended("other calls kept being made")


async def _head(container: CosmosContainer) -> Document:
    while True:
        head = await container.read(LIST, OUTGOING)
        if head is not None:
            return head
        await container.create({"id": OUTGOING, "pk": LIST, "day": 0.0, "count": 0})


async def _live(container: CosmosContainer, caps: Caps) -> int:
    rows = await container.rows(
        LIST,
        "SELECT c.id FROM c WHERE c.outgoing = true AND c.listed >= @since"
        " AND NOT IS_DEFINED(c.ended_at)",
        caps.concurrent,
        since=listed(caps.live_since, ""),
    )
    return len(rows)


def phone_document(call: StoredCall, ttl: int) -> Document:
    """Return a call's place among those of one number: a partition that its hash names."""
    return {
        "id": name(call.call_id),
        "pk": phone_partition(call.person),
        "call_id": call.call_id,
        "listed": listed(call.created_at, call.call_id),
        "ttl": ttl,
    }


async def ids_of(
    container: CosmosContainer, person: str, since: float, limit: int
) -> tuple[str, ...]:
    """Return the calls of a number, newest first."""
    rows = await container.rows(
        phone_partition(person),
        "SELECT c.call_id FROM c WHERE c.listed >= @since ORDER BY c.listed DESC",
        limit,
        since=listed(since, ""),
    )
    return tuple(row["call_id"] for row in rows)
