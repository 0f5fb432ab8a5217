"""What leaves Cosmos DB: words that may not stay, and calls whose time is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters import cosmos_desk as desk
from adapters.cosmos import CosmosContainer, deleting, patching
from adapters.cosmos_documents import CALL, LIST, name, partition, phone_partition, stored_call
from core.facts import FACT
from core.wordless import wordless

MANY = 100_000


async def take_words(container: CosmosContainer, call_id: str) -> None:
    """Leave of a call's log what happened, without what was said."""
    pk = partition(call_id)
    rows = await container.rows(pk, "SELECT c.id, c.fact FROM c WHERE c.n > 0", MANY)
    bare = [(row["id"], row["fact"], _without_words(row["fact"])) for row in rows]
    changes = [patching(each, {"fact": new}) for each, old, new in bare if new != old]
    await container.carry_out(pk, changes)


async def expired(container: CosmosContainer, ended_before: float, limit: int) -> tuple[str, ...]:
    rows = await container.rows(
        LIST,
        "SELECT c.call_id FROM c WHERE c.ended_at < @before ORDER BY c.ended_at",
        limit,
        before=ended_before,
    )
    return tuple(row["call_id"] for row in rows)


async def forget(container: CosmosContainer, call_ids: Sequence[str]) -> None:
    left = await desk.directives(container, call_ids)
    await desk.acknowledge(container, [directive.id for directive in left])
    for call_id in call_ids:
        pk = partition(call_id)
        call = await container.read(pk, CALL)
        if call is not None:
            number = phone_partition(stored_call(call).person)
            await container.delete(number, name(call_id))
        rows = await container.rows(pk, "SELECT c.id FROM c", MANY)
        await container.carry_out(pk, [deleting(row["id"]) for row in rows])
        await container.delete(LIST, name(call_id))  # last: what is listed is tried again


def _without_words(fact: Any) -> Any:
    return FACT.dump_python(wordless(FACT.validate_python(fact)), mode="json")
