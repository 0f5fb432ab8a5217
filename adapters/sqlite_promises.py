"""Promises in a SQLite file that belongs to the functions host alone; a table for each kind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from adapters.sqlite_file import SqliteFile
from adapters.sqlite_rows import position
from core.promises import Page, Promise

SCHEMA = """
create table if not exists {table} (
  id text primary key, call_id text not null, status text not null,
  created_at real not null, version integer not null, body text not null);
create index if not exists {table}_by_age on {table} (created_at desc, id desc);
create index if not exists {table}_by_call on {table} (call_id);
"""


class SqlitePromises[P: Promise]:
    """A `PromiseStore` in one table. All work runs on one thread; each statement is atomic."""

    def __init__(self, path: Path | str, table: str, adapter: TypeAdapter[P]) -> None:
        self._table = table
        self._adapter = adapter
        self._file = SqliteFile(path, SCHEMA.format(table=table), table)

    async def keep(self, promise: P) -> P:
        return await self._file.run(self._keep, promise)

    async def get(self, promise_id: str) -> P | None:
        return await self._file.run(self._get, promise_id)

    async def change(self, promise: P) -> bool:
        return await self._file.run(self._change, promise)

    async def page(self, *, status: str = "", limit: int = 50, continuation: str = "") -> Page[P]:
        return await self._file.run(self._page, status, limit, position(continuation))

    async def of(self, call_ids: Sequence[str]) -> tuple[P, ...]:
        return await self._file.run(self._of, call_ids)

    async def forget(self, call_ids: Sequence[str]) -> None:
        await self._file.run(self._forget, call_ids)

    async def aclose(self) -> None:
        await self._file.aclose()

    # --- on the table's own thread ----------------------------------------------------------------

    def _execute(self, query: str, *values: object) -> sqlite3.Cursor:
        return self._file.execute(query.format(table=self._table), *values)

    def _keep(self, promise: P) -> P:
        self._execute(
            "insert into {table} values (?, ?, ?, ?, 0, ?) on conflict do nothing",
            promise.id,
            promise.call_id,
            promise.status,
            promise.asked_at,
            self._text(promise, 0),
        )
        stored = self._get(promise.id)
        assert stored is not None  # noqa: S101 it was written above
        return stored

    def _get(self, promise_id: str) -> P | None:
        row = self._execute("select body from {table} where id = ?", promise_id).fetchone()
        return self._adapter.validate_json(row[0]) if row else None

    def _change(self, promise: P) -> bool:
        before = promise.version
        changed = self._execute(
            "update {table} set status = ?, version = ?, body = ? where id = ? and version = ?",
            promise.status,
            before + 1,
            self._text(promise, before + 1),
            promise.id,
            before,
        )
        return bool(changed.rowcount)

    def _page(self, status: str, limit: int, before: tuple[float, str]) -> Page[P]:
        rows = self._execute(
            "select body from {table} where (created_at, id) < (?, ?)"
            " and (? = '' or status = ?) order by created_at desc, id desc limit ?",
            *before,
            status,
            status,
            limit + 1,
        )
        found = [self._adapter.validate_json(body) for (body,) in rows]
        page = tuple(found[:limit])
        last = f"{page[-1].asked_at!r}|{page[-1].id}" if len(found) > limit else ""
        return Page(promises=page, continuation=last)

    def _of(self, call_ids: Sequence[str]) -> tuple[P, ...]:
        query = (
            "select body from {table} where call_id in (select value from json_each(?)) order by id"
        )
        rows = self._execute(query, json.dumps(list(call_ids)))
        return tuple(self._adapter.validate_json(body) for (body,) in rows)

    def _forget(self, call_ids: Sequence[str]) -> None:
        query = "delete from {table} where call_id in (select value from json_each(?))"
        self._execute(query, json.dumps(list(call_ids)))

    def _text(self, promise: P, version: int) -> str:
        stored: P = replace(promise, version=version)  # type: ignore[type-var]
        return self._adapter.dump_json(stored).decode()
