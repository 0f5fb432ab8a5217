"""Calls and their logs in one SQLite file that belongs to the functions host alone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate

from adapters import sqlite_desk as desk
from adapters import sqlite_outgoing as outgoing
from adapters import sqlite_retention as retention
from adapters.sqlite_rows import SCHEMA, log_entry, position, stored_call
from core.call_store import CallPage, LogPage, NewFact, Relay, StoredCall, UnknownCall
from core.dialling import Caps
from core.facts import FACT, LogEntry, Offered, SessionOpened, is_life
from core.session import Directive

PRAGMAS = (
    "journal_mode = wal",
    "synchronous = normal",
    "busy_timeout = 5000",
    "secure_delete = on",  # what may not stay is overwritten, not only unlinked
)


class SqliteCalls:
    """A `CallStore` on one file. All work runs on one thread of its own, in transactions."""

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calls")
        self._db: sqlite3.Connection | None = None

    async def claim(self, call: StoredCall, caps: Caps | None = None) -> StoredCall:
        return await self._run(self._claim, call, caps)

    async def live_before(self, call: StoredCall, most: int) -> int:
        return await self._run(self._at_desk, outgoing.live_before, call, most)

    async def call(self, call_id: str) -> StoredCall | None:
        return await self._run(self._call, call_id)

    async def calls(
        self, *, limit: int = 50, continuation: str = "", ended: bool | None = None
    ) -> CallPage:
        return await self._run(self._calls, limit, position(continuation), ended)

    async def calls_of(
        self, person: str, *, since: float, limit: int = 20
    ) -> tuple[StoredCall, ...]:
        return await self._run(self._at_desk, outgoing.calls_of, person, since, limit)

    async def append(
        self, call_id: str, facts: Sequence[NewFact], *, epoch: int | None = None
    ) -> tuple[LogEntry, ...]:
        return await self._run(self._append, call_id, facts, epoch)

    async def log(
        self, call_id: str, *, after: int = 0, limit: int = 500, life_only: bool = False
    ) -> LogPage:
        return await self._run(self._log, call_id, after, limit, life_only)

    async def find(self, call_id: str, source: str, source_id: str) -> LogEntry | None:
        return await self._run(self._find, call_id, source, source_id)

    async def last_seq(self, call_id: str, source: str) -> int:
        return await self._run(self._last_seq, call_id, source)

    async def bind_leg(self, call_id: str, connection_id: str) -> str:
        return await self._run(self._bind_leg, call_id, connection_id)

    async def open_session(self, call_id: str, relay_id: str) -> int:
        return await self._run(self._open_session, call_id, relay_id)

    async def finish(self, call_id: str, record: dict[str, Any], *, keep_words: bool) -> None:
        await self._run(self._finish, call_id, record, keep_words)

    async def expired(self, *, ended_before: float, limit: int = 100) -> tuple[str, ...]:
        return await self._run(self._at_desk, retention.expired, ended_before, limit)

    async def forget(self, call_ids: Sequence[str]) -> None:
        await self._run(self._forget, call_ids)

    async def heartbeat(self, relay: Relay) -> None:
        await self._run(self._at_desk, desk.heartbeat, relay)

    async def relays(self, *, seen_after: float) -> tuple[Relay, ...]:
        return await self._run(self._at_desk, desk.relays, seen_after)

    async def direct(self, directive: Directive) -> None:
        await self._run(self._at_desk, desk.direct, directive)

    async def directives(self, call_ids: Sequence[str]) -> tuple[Directive, ...]:
        return await self._run(self._at_desk, desk.directives, call_ids)

    async def acknowledge(self, directive_ids: Sequence[str]) -> None:
        await self._run(self._at_desk, desk.acknowledge, directive_ids)

    async def keep_snapshot(self, sha: str, text: str) -> None:
        await self._run(self._at_desk, desk.keep_snapshot, sha, text)

    async def snapshot(self, sha: str) -> str | None:
        return await self._run(self._at_desk, desk.snapshot, sha)

    async def aclose(self) -> None:
        await self._run(self._close)
        self._thread.shutdown()

    def _at_desk[**P, R](
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        with self._transaction() as db:
            return work(db, *args, **kwargs)

    async def _run[**P, R](self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    # --- on the store's own thread ----------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            db = sqlite3.connect(self._path, autocommit=True)
            db.row_factory = sqlite3.Row
            for pragma in PRAGMAS:
                db.execute(f"pragma {pragma}")
            db.executescript(SCHEMA)
            self._db = db
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._open()
        db.execute("begin immediate")
        try:
            yield db
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")

    def _claim(self, call: StoredCall, caps: Caps | None) -> StoredCall:
        with self._transaction() as db:
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
                offered = Offered(direction=call.direction)
                fact = NewFact(source="call", source_id="offered", fact=offered)
                self._write(db, call.call_id, [fact], late=False)
        stored = self._call(call.call_id)
        assert stored is not None  # noqa: S101 it was written above
        return stored

    def _call(self, call_id: str) -> StoredCall | None:
        row = self._open().execute("select * from calls where call_id = ?", (call_id,)).fetchone()
        return stored_call(row) if row else None

    def _calls(self, limit: int, position: tuple[float, str], ended: bool | None) -> CallPage:
        which = {None: "", True: " and ended_at is not null", False: " and ended_at is null"}[ended]
        rows = self._open().execute(
            f"select * from calls where (created_at, call_id) < (?, ?){which}"  # noqa: S608 constants
            " order by created_at desc, call_id desc limit ?",
            (*position, limit + 1),
        )
        calls = [stored_call(row) for row in rows]
        more = len(calls) > limit
        calls = calls[:limit]
        last = f"{calls[-1].created_at!r}|{calls[-1].call_id}" if more else ""
        return CallPage(calls=tuple(calls), continuation=last)

    def _append(
        self, call_id: str, facts: Sequence[NewFact], epoch: int | None
    ) -> tuple[LogEntry, ...]:
        with self._transaction() as db:
            current = self._epoch(db, call_id)
            late = epoch is not None and epoch != current
            if epoch is not None and not late:
                db.execute(
                    "update calls set seen_at = ? where call_id = ?", (self._clock(), call_id)
                )
            return self._write(db, call_id, facts, late=late)

    def _epoch(self, db: sqlite3.Connection, call_id: str) -> int:
        row = db.execute("select epoch from calls where call_id = ?", (call_id,)).fetchone()
        if row is None:
            raise UnknownCall(call_id)
        return int(row["epoch"])

    def _write(
        self, db: sqlite3.Connection, call_id: str, facts: Sequence[NewFact], *, late: bool
    ) -> tuple[LogEntry, ...]:
        row = db.execute("select entries from calls where call_id = ?", (call_id,)).fetchone()
        n, at = int(row["entries"]), self._clock()
        written: list[LogEntry] = []
        for new in facts:
            entry = LogEntry(
                n=n + 1, at=at, source=new.source, source_id=new.source_id, fact=new.fact, late=late
            )
            n += db.execute(
                "insert into log values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                (
                    call_id, entry.n, at, new.source, new.source_id, is_life(new.fact), late,
                    FACT.dump_json(new.fact).decode(),
                ),
            ).rowcount  # fmt: skip
            if n == entry.n:
                written.append(entry)
        db.execute("update calls set entries = ? where call_id = ?", (n, call_id))
        return tuple(written)

    def _log(self, call_id: str, after: int, limit: int, life_only: bool) -> LogPage:
        rows = self._open().execute(
            "select * from log where call_id = ? and n > ? and life >= ? order by n limit ?",
            (call_id, after, int(life_only), limit + 1),
        )
        entries = tuple(log_entry(row) for row in rows)
        return LogPage(entries=entries[:limit], more=len(entries) > limit)

    def _find(self, call_id: str, source: str, source_id: str) -> LogEntry | None:
        row = (
            self._open()
            .execute(
                "select * from log where call_id = ? and source = ? and source_id = ?",
                (call_id, source, source_id),
            )
            .fetchone()
        )
        return log_entry(row) if row else None

    def _last_seq(self, call_id: str, source: str) -> int:
        row = (
            self._open()
            .execute(
                "select max(cast(source_id as integer)) as seq from log"
                " where call_id = ? and source = ?",
                (call_id, source),
            )
            .fetchone()
        )
        return int(row["seq"] or 0)

    def _bind_leg(self, call_id: str, connection_id: str) -> str:
        with self._transaction() as db:
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
        with self._transaction() as db:
            epoch = self._epoch(db, call_id) + 1
            db.execute(
                "update calls set epoch = ?, seen_at = ? where call_id = ?",
                (epoch, self._clock(), call_id),
            )
            opened = SessionOpened(epoch=epoch, relay_id=relay_id)
            fact = NewFact(source="session", source_id=str(epoch), fact=opened)
            self._write(db, call_id, [fact], late=False)
        return epoch

    def _finish(self, call_id: str, record: dict[str, Any], keep_words: bool) -> None:
        with self._transaction() as db:
            db.execute(
                "update calls set record = ?, ended_at = coalesce(ended_at, ?) where call_id = ?",
                (json.dumps(record), self._clock(), call_id),
            )
            if not keep_words:
                retention.take_words(db, call_id)
        if not keep_words:
            retention.overwrite(self._open())

    def _forget(self, call_ids: Sequence[str]) -> None:
        with self._transaction() as db:
            retention.forget(db, call_ids)
        retention.overwrite(self._open())
