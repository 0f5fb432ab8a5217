"""The targets of campaigns in the Cosmos DB container of the calls: a partition per campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import batched

from adapters.cosmos import MAX_OPERATIONS, CosmosContainer, Document, creating, deleting
from adapters.cosmos_documents import DAY_S, listed
from core.campaigns import MAX_TARGETS, TARGET, Target, TargetStatus

GRACE_S = 30 * DAY_S  # they go with their campaign; this is the net
BATCH = MAX_OPERATIONS // 2  # a batch has 2 MiB, a target at most 20 KB


class CosmosTargets:
    """A `TargetStore` in the calls' container. Raises the SDK's errors."""

    def __init__(self, container: CosmosContainer, *, retention_days: int) -> None:
        self._container = container
        self._ttl = retention_days * DAY_S + GRACE_S

    async def keep(self, targets: Sequence[Target]) -> None:
        for some in batched(targets, BATCH, strict=False):
            documents = [self._document(replace(each, version=0)) for each in some]
            pk = documents[0]["pk"]
            if not await self._container.batch(pk, [creating(each) for each in documents]):
                for each in documents:  # some are there: an earlier attempt died in the middle
                    await self._container.create(each)

    async def get(self, campaign_id: str, n: int) -> Target | None:
        document = await self._container.read(_partition(campaign_id), _id(n))
        return TARGET.validate_python(document["target"]) if document else None

    async def change(self, target: Target) -> bool:
        changed = self._document(replace(target, version=target.version + 1))
        return await self._container.patch(
            changed["pk"],
            changed["id"],
            {key: changed[key] for key in ("target", "status", "due", "version")},
            where=f"c.version = {target.version:d}",
        )

    async def first(self, campaign_id: str) -> Target | None:
        query = "SELECT c.target FROM c WHERE c.status = 'waiting' ORDER BY c.due"
        rows = await self._container.rows(_partition(campaign_id), query, 1)
        return TARGET.validate_python(rows[0]["target"]) if rows else None

    async def page(
        self, campaign_id: str, *, status: str = "", limit: int = 50, after: int = -1
    ) -> tuple[Target, ...]:
        which = " AND c.status = @status" if status else ""
        parameters = {"status": status} if status else {}
        rows = await self._container.rows(
            _partition(campaign_id),
            f"SELECT c.target FROM c WHERE c.n > @after{which} ORDER BY c.n",  # noqa: S608 constants
            limit,
            after=after,
            **parameters,
        )
        return tuple(TARGET.validate_python(row["target"]) for row in rows)

    async def counts(self, campaign_id: str) -> Mapping[TargetStatus, int]:
        query = "SELECT c.status FROM c"
        rows = await self._container.rows(_partition(campaign_id), query, MAX_TARGETS)
        return Counter(row["status"] for row in rows)

    async def forget(self, campaign_ids: Sequence[str]) -> None:
        for pk in map(_partition, campaign_ids):
            rows = await self._container.rows(pk, "SELECT c.id FROM c", MAX_TARGETS)
            await self._container.carry_out(pk, [deleting(row["id"]) for row in rows])

    async def aclose(self) -> None:
        await self._container.aclose()

    def _document(self, target: Target) -> Document:
        return {
            "id": _id(target.n),
            "pk": _partition(target.campaign_id),
            "n": target.n,
            "status": target.status,
            "due": listed(target.next_at, _id(target.n)),
            "version": target.version,
            "target": TARGET.dump_python(target, mode="json"),
            "ttl": self._ttl,
        }


def _partition(campaign_id: str) -> str:
    return f"campaign:{campaign_id}"


def _id(n: int) -> str:
    return f"{n:06d}"
