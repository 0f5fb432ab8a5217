"""Promises in one SQLite file that belongs to the functions host alone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from adapters.sqlite_rows import position
from core.promises import APPROVAL, Approval, ApprovalPage

SCHEMA = """
create table if not exists approvals (
  id text primary key, call_id text not null, status text not null, created_at real not null,
  version integer not null, body text not null);
create index if not exists approvals_by_age on approvals (created_at desc, id desc);
"""


class SqlitePromises:
    """A `PromiseStore` on one file. All work runs on one thread; each statement is atomic."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="promises")
        self._db: sqlite3.Connection | None = None

    async def keep_approval(self, approval: Approval) -> Approval:
        return await self._run(self._keep, approval)

    async def approval(self, approval_id: str) -> Approval | None:
        return await self._run(self._approval, approval_id)

    async def change_approval(self, approval: Approval) -> bool:
        return await self._run(self._change, approval)

    async def approvals(
        self, *, status: str = "", limit: int = 50, continuation: str = ""
    ) -> ApprovalPage:
        return await self._run(self._approvals, status, limit, position(continuation))

    async def forget(self, call_ids: Sequence[str]) -> None:
        await self._run(self._forget, call_ids)

    async def aclose(self) -> None:
        await self._run(self._close)
        self._thread.shutdown()

    async def _run[**P, R](self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    # --- on the store's own thread ----------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            if self._path != ":memory:":
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self._path, autocommit=True)
            for pragma in ("journal_mode = wal", "synchronous = normal", "busy_timeout = 5000"):
                db.execute(f"pragma {pragma}")
            db.executescript(SCHEMA)
            self._db = db
        return self._db

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _keep(self, approval: Approval) -> Approval:
        self._open().execute(
            "insert into approvals values (?, ?, ?, ?, 0, ?) on conflict do nothing",
            (approval.id, approval.call_id, approval.status, approval.asked_at, _text(approval, 0)),
        )
        stored = self._approval(approval.id)
        assert stored is not None  # noqa: S101 it was written above
        return stored

    def _approval(self, approval_id: str) -> Approval | None:
        query = "select body from approvals where id = ?"
        row = self._open().execute(query, (approval_id,)).fetchone()
        return APPROVAL.validate_json(row[0]) if row else None

    def _change(self, approval: Approval) -> bool:
        before = approval.version
        values = (approval.status, before + 1, _text(approval, before + 1), approval.id, before)
        query = (
            "update approvals set status = ?, version = ?, body = ? where id = ? and version = ?"
        )
        return bool(self._open().execute(query, values).rowcount)

    def _approvals(self, status: str, limit: int, before: tuple[float, str]) -> ApprovalPage:
        rows = self._open().execute(
            "select body from approvals where (created_at, id) < (?, ?)"
            " and (? = '' or status = ?) order by created_at desc, id desc limit ?",
            (*before, status, status, limit + 1),
        )
        found = [APPROVAL.validate_json(body) for (body,) in rows]
        page = found[:limit]
        more = len(found) > limit
        last = f"{page[-1].asked_at!r}|{page[-1].id}" if more else ""
        return ApprovalPage(approvals=tuple(page), continuation=last)

    def _forget(self, call_ids: Sequence[str]) -> None:
        query = "delete from approvals where call_id in (select value from json_each(?))"
        self._open().execute(query, (json.dumps(list(call_ids)),))


def _text(approval: Approval, version: int) -> str:
    return APPROVAL.dump_json(replace(approval, version=version)).decode()
