"""What the call store keeps beside calls in Cosmos DB: relays, their directives, snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from adapters.cosmos import CosmosContainer, any_of
from adapters.cosmos_documents import DIRECTIVES, LIST, RELAYS, SNAPSHOTS, name
from core.call_store import Relay
from core.session import Directive, LiveCall

KEEP_S = 2 * 86_400  # no call is longer than a day: what is older serves nobody
MANY = 1000
MOST_LIVE = 10_000


async def heartbeat(container: CosmosContainer, relay: Relay) -> None:
    await container.put({**asdict(relay), "id": relay.relay_id, "pk": RELAYS, "ttl": KEEP_S})


async def relays(container: CosmosContainer, seen_after: float) -> tuple[Relay, ...]:
    rows = await container.rows(
        RELAYS,
        "SELECT c.relay_id, c.url, c.load, c.draining, c.seen_at, c.calls FROM c"
        " WHERE c.seen_at > @after",
        MANY,
        after=seen_after,
    )
    return tuple(_relay(row) for row in rows)


async def epochs(container: CosmosContainer, call_ids: Sequence[str]) -> dict[str, int]:
    """Look into the list, where a call has its epoch from its second relay on."""
    if not call_ids:
        return {}
    among, parameters = any_of("call", call_ids)
    rows = await container.rows(
        LIST,
        "SELECT c.call_id, c.epoch FROM c"  # noqa: S608 names of parameters
        f" WHERE c.call_id IN {among} AND NOT IS_DEFINED(c.ended_at)",
        len(call_ids),
        **parameters,
    )
    return {row["call_id"]: row.get("epoch", 0) for row in rows}


async def live(container: CosmosContainer) -> tuple[LiveCall, ...]:
    """Return the calls that are not over; the list knows no first relay, so they may be at none."""
    rows = await container.rows(
        LIST,
        "SELECT c.call_id, c.epoch FROM c"
        " WHERE IS_DEFINED(c.call_id) AND NOT IS_DEFINED(c.ended_at)",
        MOST_LIVE,
    )
    return tuple(LiveCall(call_id=row["call_id"], epoch=row.get("epoch", 1)) for row in rows)


async def note_epoch(container: CosmosContainer, call_id: str, epoch: int) -> None:
    """Note in the list that a call went to another relay; it may have ended meanwhile."""
    live = "NOT IS_DEFINED(c.ended_at)"
    await container.patch(LIST, name(call_id), {"epoch": epoch}, where=live)


def _relay(row: dict[str, Any]) -> Relay:
    calls = tuple(LiveCall(**live) for live in row["calls"])
    return Relay(**{**row, "calls": calls})


async def direct(container: CosmosContainer, directive: Directive) -> None:
    # The directive has an `id` of its own, which may hold what an id there must not.
    document = {"directive": asdict(directive), "call_id": directive.call_id, "ttl": KEEP_S}
    await container.create({**document, "id": name(directive.id), "pk": DIRECTIVES})


async def directives(container: CosmosContainer, call_ids: Sequence[str]) -> tuple[Directive, ...]:
    if not call_ids:
        return ()
    among, parameters = any_of("call", call_ids)
    rows = await container.rows(
        DIRECTIVES,
        f"SELECT c.directive FROM c WHERE c.call_id IN {among}",  # noqa: S608 names of parameters
        MANY,
        **parameters,
    )
    found = [Directive(**row["directive"]) for row in rows]
    return tuple(sorted(found, key=lambda directive: directive.id))


async def acknowledge(container: CosmosContainer, directive_ids: Sequence[str]) -> None:
    for each in directive_ids:
        await container.delete(DIRECTIVES, name(each))


async def keep_snapshot(container: CosmosContainer, sha: str, text: str) -> None:
    await container.create({"id": name(sha), "pk": SNAPSHOTS, "text": text})


async def snapshot(container: CosmosContainer, sha: str) -> str | None:
    document = await container.read(SNAPSHOTS, name(sha))
    return str(document["text"]) if document else None
