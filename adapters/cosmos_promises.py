"""Promises in the Cosmos DB container of the calls: one partition, changed under their version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.cosmos import CosmosContainer, Document, any_of
from adapters.cosmos_documents import before, listed, name
from core.promises import APPROVAL, Approval, ApprovalPage

APPROVALS = "approvals"
DAY_S = 86_400
GRACE_S = 30 * DAY_S  # they go with their call; this is the net
MANY = 1000


class CosmosPromises:
    """A `PromiseStore` in the calls' container. Raises the SDK's errors."""

    def __init__(self, container: CosmosContainer, *, retention_days: int) -> None:
        self._container = container
        self._ttl = retention_days * DAY_S + GRACE_S

    async def keep_approval(self, approval: Approval) -> Approval:
        first = replace(approval, version=0)
        if await self._container.create(self._document(first)):
            return first
        return await self.approval(approval.id) or first

    async def approval(self, approval_id: str) -> Approval | None:
        document = await self._container.read(APPROVALS, name(approval_id))
        return APPROVAL.validate_python(document["approval"]) if document else None

    async def change_approval(self, approval: Approval) -> bool:
        changed = self._document(replace(approval, version=approval.version + 1))
        return await self._container.patch(
            APPROVALS,
            name(approval.id),
            {key: changed[key] for key in ("approval", "status", "version")},
            where=f"c.version = {approval.version:d}",
        )

    async def approvals(
        self, *, status: str = "", limit: int = 50, continuation: str = ""
    ) -> ApprovalPage:
        which = " AND c.status = @status" if status else ""
        parameters = {"status": status} if status else {}
        rows = await self._container.rows(
            APPROVALS,
            f"SELECT c.approval, c.listed FROM c WHERE c.listed < @before{which}"  # noqa: S608 constants
            " ORDER BY c.listed DESC",
            limit + 1,
            before=before(continuation),
            **parameters,
        )
        page = tuple(APPROVAL.validate_python(row["approval"]) for row in rows[:limit])
        more = rows[limit - 1]["listed"] if page and len(rows) > limit else ""
        return ApprovalPage(approvals=page, continuation=more)

    async def forget(self, call_ids: Sequence[str]) -> None:
        if not call_ids:
            return
        among, parameters = any_of("call", call_ids)
        rows = await self._container.rows(
            APPROVALS,
            f"SELECT c.id FROM c WHERE c.call_id IN {among}",  # noqa: S608 names of parameters
            MANY,
            **parameters,
        )
        for row in rows:
            await self._container.delete(APPROVALS, row["id"])

    async def aclose(self) -> None:
        await self._container.aclose()

    def _document(self, approval: Approval) -> Document:
        return {
            "id": name(approval.id),
            "pk": APPROVALS,
            "call_id": approval.call_id,
            "listed": listed(approval.asked_at, approval.id),
            "status": approval.status,
            "version": approval.version,
            "approval": APPROVAL.dump_python(approval, mode="json"),
            "ttl": self._ttl,
        }
