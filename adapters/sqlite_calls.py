"""Calls and their logs in one SQLite file that belongs to the functions host alone."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Concatenate

from adapters import sqlite_desk as desk
from adapters import sqlite_log as log
from adapters import sqlite_outgoing as outgoing
from adapters import sqlite_retention as retention
from adapters.sqlite_file import SqliteFile
from adapters.sqlite_rows import SCHEMA, position, stored_call
from core.call_store import CallPage, LogPage, NewFact, Relay, StoredCall, UnknownCall
from core.dialling import Caps
from core.facts import LogEntry, Offered, SessionOpened
from core.session import Directive, LiveCall


class SqliteCalls:
    """A `CallStore` on one file. All work runs on one thread of its own, in transactions."""

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._file = SqliteFile(path, SCHEMA, "calls")
        self._clock = clock

    async def claim(
        self,
        call: StoredCall,
        caps: Caps | None = None,
        *,
        limits: Mapping[str, float] | None = None,
    ) -> StoredCall:
        return await self._file.run(self._claim, call, caps, limits or {})

    async def live_before(self, call: StoredCall, most: int) -> int:
        return await self._transact(outgoing.live_before, call, most)

    async def call(self, call_id: str) -> StoredCall | None:
        return await self._file.run(self._call, call_id)

    async def epochs(self, call_ids: Sequence[str]) -> Mapping[str, int]:
        return await self._transact(desk.epochs, call_ids)

    async def joined(self, *, since: float, beside: Collection[LiveCall]) -> tuple[StoredCall, ...]:
        return await self._transact(desk.joined, since, beside)

    async def calls(
        self, *, limit: int = 50, continuation: str = "", ended: bool | None = None
    ) -> CallPage:
        return await self._file.run(self._calls, limit, position(continuation), ended)

    async def calls_of(
        self, person: str, *, since: float, limit: int = 20
    ) -> tuple[StoredCall, ...]:
        return await self._transact(outgoing.calls_of, person, since, limit)

    async def append(
        self, call_id: str, facts: Sequence[NewFact], *, epoch: int | None = None
    ) -> tuple[LogEntry, ...]:
        return await self._file.run(self._append, call_id, facts, epoch)

    async def log(
        self, call_id: str, *, after: int = 0, limit: int = 500, life_only: bool = False
    ) -> LogPage:
        return await self._transact(log.page, call_id, after, limit, life_only)

    async def find(self, call_id: str, source: str, source_id: str) -> LogEntry | None:
        return await self._transact(log.find, call_id, source, source_id)

    async def last_seq(self, call_id: str, source: str) -> int:
        return await self._transact(log.last_seq, call_id, source)

    async def bind_leg(self, call_id: str, connection_id: str) -> str:
        return await self._file.run(self._bind_leg, call_id, connection_id)

    async def open_session(self, call_id: str, relay_id: str) -> int:
        return await self._file.run(self._open_session, call_id, relay_id)

    async def finish(self, call_id: str, record: dict[str, Any], *, keep_words: bool) -> None:
        await self._file.run(self._finish, call_id, record, keep_words)

    async def expired(self, *, ended_before: float, limit: int = 100) -> tuple[str, ...]:
        return await self._transact(retention.expired, ended_before, limit)

    async def forget(self, call_ids: Sequence[str]) -> None:
        await self._file.run(self._forget, call_ids)

    async def heartbeat(self, relay: Relay) -> None:
        await self._transact(desk.heartbeat, relay)

    async def relays(self, *, seen_after: float) -> tuple[Relay, ...]:
        return await self._transact(desk.relays, seen_after)

    async def direct(self, directive: Directive) -> None:
        await self._transact(desk.direct, directive)

    async def directives(self, call_ids: Sequence[str]) -> tuple[Directive, ...]:
        return await self._transact(desk.directives, call_ids)

    async def acknowledge(self, directive_ids: Sequence[str]) -> None:
        await self._transact(desk.acknowledge, directive_ids)

    async def keep_snapshot(self, sha: str, text: str) -> None:
        await self._transact(desk.keep_snapshot, sha, text)

    async def snapshot(self, sha: str) -> str | None:
        return await self._transact(desk.snapshot, sha)

    async def aclose(self) -> None:
        await self._file.aclose()

    async def _transact[**P, R](
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        def transact() -> R:
            with self._file.transaction() as db:
                return work(db, *args, **kwargs)

        return await self._file.run(transact)

    # --- on the store's own thread ----------------------------------------------------------------

    def _claim(
        self, call: StoredCall, caps: Caps | None, limits: Mapping[str, float]
    ) -> StoredCall:
        with self._file.transaction() as db:
            if caps is not None and self._call(call.call_id) is None:
                outgoing.need_room(db, caps)
            created = db.execute(
                "insert into calls (call_id, created_at, direction, caller, called, scenario,"
                " scenario_sha) values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                (
                    call.call_id, call.created_at, call.direction, call.caller, call.called,
                    call.scenario, call.scenario_sha,
                ),
            ).rowcount  # fmt: skip
            if created:
                offered = Offered(direction=call.direction, limits=limits)
                fact = NewFact(source="call", source_id="offered", fact=offered)
                log.write(db, call.call_id, [fact], self._clock())
        stored = self._call(call.call_id)
        assert stored is not None  # noqa: S101 it was written above
        return stored

    def _call(self, call_id: str) -> StoredCall | None:
        row = self._file.execute("select * from calls where call_id = ?", call_id).fetchone()
        return stored_call(row) if row else None

    def _calls(self, limit: int, position: tuple[float, str], ended: bool | None) -> CallPage:
        which = {None: "", True: " and ended_at is not null", False: " and ended_at is null"}[ended]
        rows = self._file.execute(
            f"select * from calls where (created_at, call_id) < (?, ?){which}"  # noqa: S608 constants
            " order by created_at desc, call_id desc limit ?",
            *position,
            limit + 1,
        )
        calls = [stored_call(row) for row in rows]
        more = len(calls) > limit
        calls = calls[:limit]
        last = f"{calls[-1].created_at!r}|{calls[-1].call_id}" if more else ""
        return CallPage(calls=tuple(calls), continuation=last)

    def _append(
        self, call_id: str, facts: Sequence[NewFact], epoch: int | None
    ) -> tuple[LogEntry, ...]:
        with self._file.transaction() as db:
            return log.append(db, call_id, facts, epoch, self._clock())

    def _bind_leg(self, call_id: str, connection_id: str) -> str:
        with self._file.transaction() as db:
            db.execute(
                "update calls set connection_id = ? where call_id = ? and connection_id = ''",
                (connection_id, call_id),
            )
            row = db.execute(
                "select connection_id from calls where call_id = ?", (call_id,)
            ).fetchone()
        if row is None:
            raise UnknownCall(call_id)
        return str(row["connection_id"])

    def _open_session(self, call_id: str, relay_id: str) -> int:
        with self._file.transaction() as db:
            epoch = log.epoch_of(db, call_id) + 1
            db.execute(
                "update calls set epoch = ?, seen_at = ? where call_id = ?",
                (epoch, self._clock(), call_id),
            )
            opened = SessionOpened(epoch=epoch, relay_id=relay_id)
            fact = NewFact(source="session", source_id=str(epoch), fact=opened)
            log.write(db, call_id, [fact], self._clock())
        return epoch

    def _finish(self, call_id: str, record: dict[str, Any], keep_words: bool) -> None:
        with self._file.transaction() as db:
            db.execute(
                "update calls set record = ?, ended_at = coalesce(ended_at, ?) where call_id = ?",
                (json.dumps(record), self._clock(), call_id),
            )
            if not keep_words:
                retention.take_words(db, call_id)
        if not keep_words:
            self._file.execute(retention.OVERWRITE)

    def _forget(self, call_ids: Sequence[str]) -> None:
        with self._file.transaction() as db:
            retention.forget(db, call_ids)
        self._file.execute(retention.OVERWRITE)
