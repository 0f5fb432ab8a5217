"""Calls and their logs in Cosmos DB: a partition per call, every change under what was read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from adapters import cosmos_desk as desk
from adapters import cosmos_outgoing as outgoing
from adapters import cosmos_retention as retention
from adapters.cosmos import (
    CosmosContainer,
    Document,
    any_of,
    creating,
)
from adapters.cosmos_changes import CallChanges
from adapters.cosmos_documents import (
    CALL,
    DAY_S,
    LIST,
    batches,
    before,
    call_document,
    list_document,
    listed,
    log_entry,
    name,
    partition,
    stored_call,
)
from core.call_store import CallPage, LogPage, NewFact, Relay, StoredCall, UnknownCall
from core.dialling import Caps
from core.facts import LogEntry, Offered, SessionOpened
from core.session import Directive, LiveCall
from core.wordless import wordless

GRACE_S = DAY_S  # a call is forgotten with its files first; the service's own expiry is the net
LISTED_S = 365 * DAY_S  # its place in the list outlasts it, so that its files are found
SPARE = 20  # places on the list without a call, at the most, when it is full


class CosmosCalls:
    """A `CallStore` in one Cosmos DB container. Raises the SDK's errors, and `Contended`."""

    def __init__(
        self,
        container: CosmosContainer,
        *,
        retention_days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._container = container
        self._clock = clock
        self._ttl = retention_days * DAY_S + GRACE_S
        self._listed_ttl = self._ttl + LISTED_S
        self._changes = CallChanges(container, ttl=self._ttl)

    async def claim(
        self,
        call: StoredCall,
        caps: Caps | None = None,
        *,
        limits: Mapping[str, float] | None = None,
    ) -> StoredCall:
        # The list comes first: a call that is not in it would never be found again.
        place = list_document(call, self._listed_ttl)
        by_number = outgoing.phone_document(call, self._ttl)
        if caps is not None:
            await outgoing.admit(self._container, place, caps)
        # At the same time: a phone rings.
        await asyncio.gather(self._container.create(place), self._container.create(by_number))
        offered = Offered(direction=call.direction, limits=limits or {})
        entry = LogEntry(n=1, at=self._clock(), source="call", source_id="offered", fact=offered)
        document = call_document(call, entries=1, ttl=self._ttl)
        claim = [creating(document), self._changes.logging(call.call_id, entry)]
        if await self._container.batch(partition(call.call_id), claim):
            return stored_call(document)
        stored = await self.call(call.call_id)
        if stored is None:
            raise UnknownCall(call.call_id)
        return stored

    async def live_before(self, call: StoredCall, most: int) -> int:
        rows = await self._container.rows(
            LIST,
            "SELECT c.call_id FROM c WHERE c.listed < @before AND NOT IS_DEFINED(c.ended_at)",
            most + SPARE,
            before=listed(call.created_at, call.call_id),
        )
        if len(rows) < most:
            return len(rows)
        # So it seems: a claim that broke off left a place on the list, and no call.
        found = await asyncio.gather(*(self.call(row["call_id"]) for row in rows))
        return sum(1 for each in found if each is not None and each.ended_at is None)

    async def call(self, call_id: str) -> StoredCall | None:
        document = await self._container.read(partition(call_id), CALL)
        return stored_call(document) if document else None

    async def epochs(self, call_ids: Sequence[str]) -> Mapping[str, int]:
        return await desk.epochs(self._container, call_ids)

    async def joined(self, *, since: float, beside: Collection[LiveCall]) -> tuple[StoredCall, ...]:
        listed_ = await desk.live(self._container)
        reads = (self.call(live.call_id) for live in listed_ if live not in beside)
        found = (call for call in await asyncio.gather(*reads) if call and call.ended_at is None)
        return tuple(
            call
            for call in found
            if call.epoch and call.seen_at > since and call.at_relay not in beside
        )

    async def calls(
        self, *, limit: int = 50, continuation: str = "", ended: bool | None = None
    ) -> CallPage:
        which = {None: "", True: " AND IS_DEFINED(c.ended_at)",
                 False: " AND NOT IS_DEFINED(c.ended_at)"}[ended]  # fmt: skip
        rows = await self._container.rows(
            LIST,
            f"SELECT c.call_id, c.listed FROM c WHERE c.listed < @before{which}"  # noqa: S608 constants
            " ORDER BY c.listed DESC",
            limit + 1,
            before=before(continuation),
        )
        page = rows[:limit]
        found = await asyncio.gather(*(self.call(row["call_id"]) for row in page))
        # The list only leads to a call, whose own document says what is true of it.
        calls = (call for call in found if call and ended in {None, call.ended_at is not None})
        more = page[-1]["listed"] if page and len(rows) > limit else ""
        return CallPage(calls=tuple(calls), continuation=more)

    async def calls_of(
        self, person: str, *, since: float, limit: int = 20
    ) -> tuple[StoredCall, ...]:
        ids = await outgoing.ids_of(self._container, person, since, limit)
        found = await asyncio.gather(*(self.call(each) for each in ids))
        return tuple(call for call in found if call)

    async def append(
        self, call_id: str, facts: Sequence[NewFact], *, epoch: int | None = None
    ) -> tuple[LogEntry, ...]:
        """Append as the port says; more than 99 facts or 1.5 MB are several appends in order."""
        written: list[LogEntry] = []
        for batch in batches(facts):
            attempt = partial(self._append, call_id, batch, epoch)
            written += await self._changes.settled(call_id, attempt)
        return tuple(written)

    async def log(
        self, call_id: str, *, after: int = 0, limit: int = 500, life_only: bool = False
    ) -> LogPage:
        which = " AND c.life = true" if life_only else ""
        rows = await self._container.rows(
            partition(call_id),
            f"SELECT * FROM c WHERE c.n > @after{which} ORDER BY c.n",  # noqa: S608 constants
            limit + 1,
            after=after,
        )
        entries = tuple(log_entry(row) for row in rows[:limit])
        return LogPage(entries=entries, more=len(rows) > limit)

    async def find(self, call_id: str, source: str, source_id: str) -> LogEntry | None:
        document = await self._container.read(partition(call_id), name(source, source_id))
        return log_entry(document) if document else None

    async def last_seq(self, call_id: str, source: str) -> int:
        rows = await self._container.rows(
            partition(call_id),
            "SELECT c.seq FROM c WHERE c.source = @source AND c.seq > 0 ORDER BY c.seq DESC",
            1,
            source=source,
        )
        return int(rows[0]["seq"]) if rows else 0

    async def bind_leg(self, call_id: str, connection_id: str) -> str:
        async def bind() -> str | None:
            call = await self._changes.read(call_id)
            if call["connection_id"]:
                return str(call["connection_id"])
            bound = {"connection_id": connection_id}
            return connection_id if await self._changes.change(call, bound) else None

        return await self._changes.settled(call_id, bind)

    async def open_session(self, call_id: str, relay_id: str) -> int:
        async def open_() -> int | None:
            call, now = await self._changes.read(call_id), self._clock()
            epoch, n = int(call["epoch"]) + 1, int(call["entries"]) + 1
            opened = SessionOpened(epoch=epoch, relay_id=relay_id)
            entry = LogEntry(n=n, at=now, source="session", source_id=str(epoch), fact=opened)
            change = {"epoch": epoch, "entries": n, "seen_at": now}
            logged = self._changes.logging(call_id, entry)
            return epoch if await self._changes.change(call, change, logged) else None

        epoch = await self._changes.settled(call_id, open_)
        if epoch > 1:
            await desk.note_epoch(self._container, call_id, epoch)
        return epoch

    async def finish(self, call_id: str, record: dict[str, Any], *, keep_words: bool) -> None:
        async def end() -> Document | None:
            call = await self._container.read(partition(call_id), CALL)
            if call is None:
                return {}
            ended_at = call["ended_at"] or self._clock()
            # Whoever appends after this sees it, and leaves the words out himself.
            change = {"record": record, "ended_at": ended_at, "wordless": not keep_words}
            return {**call, **change} if await self._changes.change(call, change) else None

        ended = await self._changes.settled(call_id, end)
        if not ended:
            return
        await self._container.put(list_document(stored_call(ended), self._listed_ttl))
        if not keep_words:
            await retention.take_words(self._container, call_id)

    async def expired(self, *, ended_before: float, limit: int = 100) -> tuple[str, ...]:
        return await retention.expired(self._container, ended_before, limit)

    async def forget(self, call_ids: Sequence[str]) -> None:
        await retention.forget(self._container, call_ids)

    async def heartbeat(self, relay: Relay) -> None:
        await desk.heartbeat(self._container, relay)

    async def relays(self, *, seen_after: float) -> tuple[Relay, ...]:
        return await desk.relays(self._container, seen_after)

    async def direct(self, directive: Directive) -> None:
        await desk.direct(self._container, directive)

    async def directives(self, call_ids: Sequence[str]) -> tuple[Directive, ...]:
        return await desk.directives(self._container, call_ids)

    async def acknowledge(self, directive_ids: Sequence[str]) -> None:
        await desk.acknowledge(self._container, directive_ids)

    async def keep_snapshot(self, sha: str, text: str) -> None:
        await desk.keep_snapshot(self._container, sha, text)

    async def snapshot(self, sha: str) -> str | None:
        return await desk.snapshot(self._container, sha)

    async def aclose(self) -> None:
        await self._container.aclose()

    async def _append(
        self, call_id: str, facts: Sequence[NewFact], epoch: int | None
    ) -> tuple[LogEntry, ...] | None:
        named: dict[str, NewFact] = {}
        for new in facts:
            named.setdefault(name(new.source, new.source_id), new)
        call, known = await self._call_and_known(call_id, list(named))
        late = epoch is not None and epoch != call["epoch"]
        now = self._clock()
        fresh = [new for each, new in named.items() if each not in known]
        entries = tuple(
            LogEntry(
                n=n, at=now, source=new.source, source_id=new.source_id, late=late,
                fact=wordless(new.fact) if call.get("wordless") else new.fact,
            )
            for n, new in enumerate(fresh, int(call["entries"]) + 1)
        )  # fmt: skip
        change: dict[str, Any] = {"entries": entries[-1].n} if entries else {}
        if epoch is not None and not late:
            change["seen_at"] = now
        logged = [self._changes.logging(call_id, entry) for entry in entries]
        return entries if not change or await self._changes.change(call, change, *logged) else None

    async def _call_and_known(
        self, call_id: str, names: Sequence[str]
    ) -> tuple[Document, frozenset[str]]:
        """Return what an append must know of the call, and which of the names are in its log."""
        among, parameters = any_of("id", [CALL, *names])
        rows = await self._container.rows(
            partition(call_id),
            "SELECT c.id, c._etag, c.call_id, c.epoch, c.entries, c.wordless"  # noqa: S608 names of parameters
            f" FROM c WHERE c.id IN {among}",
            len(parameters),
            **parameters,
        )
        found = {row["id"]: row for row in rows}
        if CALL not in found:
            raise UnknownCall(call_id)
        return found[CALL], frozenset(found)
