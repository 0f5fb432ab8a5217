"""The targets of campaigns in a SQLite file that belongs to the functions host alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.sqlite_file import SqliteFile
from core.campaigns import TARGET, Target, TargetStatus

SCHEMA = """
create table if not exists targets (
  campaign_id text not null, n integer not null, status text not null, next_at real not null,
  version integer not null, body text not null, primary key (campaign_id, n)) without rowid;
create index if not exists targets_by_due on targets (campaign_id, status, next_at, n);
"""
ROW = "select body from targets where campaign_id = ?"


class SqliteTargets:
    """A `TargetStore` in one table; each statement is atomic."""

    def __init__(self, path: Path | str) -> None:
        self._file = SqliteFile(path, SCHEMA, "targets")

    async def keep(self, targets: Sequence[Target]) -> None:
        query = "insert into targets values (?, ?, ?, ?, ?, ?) on conflict do nothing"
        rows = [(each.campaign_id, each.n, *_values(replace(each, version=0))) for each in targets]
        await self._file.run(self._file.execute_many, query, rows)

    async def get(self, campaign_id: str, n: int) -> Target | None:
        found = await self._rows(f"{ROW} and n = ?", campaign_id, n)
        return found[0] if found else None

    async def change(self, target: Target) -> bool:
        query = (
            "update targets set status = ?, next_at = ?, version = ?, body = ?"
            " where campaign_id = ? and n = ? and version = ?"
        )
        values = _values(replace(target, version=target.version + 1))
        where = (target.campaign_id, target.n, target.version)
        changed = await self._file.run(self._file.execute, query, *values, *where)
        return bool(changed.rowcount)

    async def first(self, campaign_id: str) -> Target | None:
        due = f"{ROW} and status = 'waiting' order by next_at, n limit 1"
        found = await self._rows(due, campaign_id)
        return found[0] if found else None

    async def page(
        self, campaign_id: str, *, status: str = "", limit: int = 50, after: int = -1
    ) -> tuple[Target, ...]:
        query = f"{ROW} and n > ? and (? = '' or status = ?) order by n limit ?"
        return await self._rows(query, campaign_id, after, status, status, limit)

    async def counts(self, campaign_id: str) -> Mapping[TargetStatus, int]:
        query = "select status, count(*) from targets where campaign_id = ? group by status"
        return dict(await self._file.run(self._all, query, campaign_id))

    async def forget(self, campaign_ids: Sequence[str]) -> None:
        query = "delete from targets where campaign_id in (select value from json_each(?))"
        await self._file.run(self._file.execute, query, json.dumps(list(campaign_ids)))

    async def aclose(self) -> None:
        await self._file.aclose()

    async def _rows(self, query: str, *values: object) -> tuple[Target, ...]:
        rows = await self._file.run(self._all, query, *values)
        return tuple(TARGET.validate_json(body) for (body,) in rows)

    def _all(self, query: str, *values: object) -> list[Any]:
        return self._file.execute(query, *values).fetchall()


def _values(target: Target) -> tuple[str, float, int, str]:
    return target.status, target.next_at, target.version, TARGET.dump_json(target).decode()
