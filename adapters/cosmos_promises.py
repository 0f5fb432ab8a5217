"""Promises in the Cosmos DB container of the calls: one partition, changed under their version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from adapters.cosmos import CosmosContainer, Document, any_of
from adapters.cosmos_documents import DAY_S, before, listed, name
from core.promises import Page, Promise

GRACE_S = 30 * DAY_S  # they go with their call; this is the net
MANY = 1000


class CosmosPromises[P: Promise]:
    """A `PromiseStore` in the calls' container. Raises the SDK's errors."""

    def __init__(
        self,
        container: CosmosContainer,
        kind: str,
        adapter: TypeAdapter[P],
        *,
        retention_days: int,
    ) -> None:
        self._kind = kind
        self._adapter = adapter
        self._container = container
        self._ttl = retention_days * DAY_S + GRACE_S

    async def keep(self, promise: P) -> P:
        first: P = replace(promise, version=0)  # type: ignore[type-var]
        if await self._container.create(self._document(first)):
            return first
        return await self.get(promise.id) or first

    async def get(self, promise_id: str) -> P | None:
        document = await self._container.read(self._kind, name(promise_id))
        return self._adapter.validate_python(document["promise"]) if document else None

    async def change(self, promise: P) -> bool:
        next_one: P = replace(promise, version=promise.version + 1)  # type: ignore[type-var]
        changed = self._document(next_one)
        return await self._container.patch(
            self._kind,
            name(promise.id),
            {key: changed[key] for key in ("promise", "status", "version")},
            where=f"c.version = {promise.version:d}",
        )

    async def page(self, *, status: str = "", limit: int = 50, continuation: str = "") -> Page[P]:
        which = " AND c.status = @status" if status else ""
        parameters = {"status": status} if status else {}
        rows = await self._container.rows(
            self._kind,
            f"SELECT c.promise, c.listed FROM c WHERE c.listed < @before{which}"  # noqa: S608 constants
            " ORDER BY c.listed DESC",
            limit + 1,
            before=before(continuation),
            **parameters,
        )
        page = tuple(self._adapter.validate_python(row["promise"]) for row in rows[:limit])
        more = rows[limit - 1]["listed"] if page and len(rows) > limit else ""
        return Page(promises=page, continuation=more)

    async def of(self, call_ids: Sequence[str]) -> tuple[P, ...]:
        found = (self._adapter.validate_python(row["promise"]) for row in await self._of(call_ids))
        return tuple(sorted(found, key=lambda promise: promise.id))

    async def forget(self, call_ids: Sequence[str]) -> None:
        for row in await self._of(call_ids):
            await self._container.delete(self._kind, row["id"])

    async def _of(self, call_ids: Sequence[str]) -> list[Document]:
        if not call_ids:
            return []
        among, parameters = any_of("call", call_ids)
        query = f"SELECT c.id, c.promise FROM c WHERE c.call_id IN {among}"  # noqa: S608 names of parameters
        return await self._container.rows(self._kind, query, MANY, **parameters)

    async def aclose(self) -> None:
        await self._container.aclose()

    def _document(self, promise: P) -> Document:
        return {
            "id": name(promise.id),
            "pk": self._kind,
            "call_id": promise.call_id,
            "listed": listed(promise.asked_at, promise.id),
            "status": promise.status,
            "version": promise.version,
            "promise": self._adapter.dump_python(promise, mode="json"),
            "ttl": self._ttl,
        }
