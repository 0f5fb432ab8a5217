"""Changes of one call in Cosmos DB: document and log together, under what was read of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from adapters.cosmos import Contended, CosmosContainer, Document, Operation, creating, patching
from adapters.cosmos_documents import CALL, entry_document, partition
from core.call_store import UnknownCall
from core.facts import LogEntry

TRIES = 40
PAUSE_S = 0.005
MAX_PAUSE_S = 0.1


class CallChanges:
    """Reads and changes calls so that nothing of another writer is lost. `ttl`: of log entries."""

    def __init__(self, container: CosmosContainer, *, ttl: int) -> None:
        self._container = container
        self._ttl = ttl
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(self, call_id: str) -> Document:
        """Return a call's document. Raises `UnknownCall`."""
        call = await self._container.read(partition(call_id), CALL)
        if call is None:
            raise UnknownCall(call_id)
        return call

    async def change(self, call: Document, change: dict[str, Any], *more: Operation) -> bool:
        """Change a call and its log together, unless it has changed since it was read."""
        changing = patching(CALL, change, etag=call["_etag"])
        return await self._container.batch(partition(call["call_id"]), [changing, *more])

    def logging(self, call_id: str, entry: LogEntry) -> Operation:
        """Return the operation that adds an entry to a call's log."""
        return creating(entry_document(call_id, entry, ttl=self._ttl))

    async def settled[R](self, call_id: str, attempt: Callable[[], Awaitable[R | None]]) -> R:
        """Repeat until no other process was faster; every attempt reads anew.

        Raises `Contended`.
        """
        # Who writes from this process waits in line: against each other they would only fail.
        async with self._lines.setdefault(call_id, asyncio.Lock()):
            for n in range(TRIES):
                done = await attempt()
                if done is not None:
                    return done
                await asyncio.sleep(random.uniform(0, min(MAX_PAUSE_S, PAUSE_S * (n + 1))))  # noqa: S311
        raise Contended("the call kept changing")
