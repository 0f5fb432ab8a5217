"""Where a call's record and log come from: a running host, or the store of one that is down."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import ValidationError

from adapters.sqlite_rows import log_entry, stored_call
from core.facts import ENTRIES, LogEntry
from core.record import call_record

LAST = "last"
WITHIN_S = 15
REASONS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the host wants a key; set FUNCTIONS_KEY",
    HTTPStatus.NOT_FOUND: "the host has no such call",
}


class Unavailable(Exception):
    """There is no such call, or nobody to ask for it; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A call as it is kept. `origin`: the host's address, or the store's file."""

    call_id: str
    record: Mapping[str, Any]
    log: tuple[LogEntry, ...]
    origin: str


async def from_host(url: str, call_id: str, key: str = "") -> Recorded:
    """Ask a host; `last` is its newest call. Raises Unavailable."""
    headers = {"x-functions-key": key} if key else {}
    timeout = aiohttp.ClientTimeout(total=WITHIN_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
        calls = f"{url.rstrip('/')}/api/v1/calls"
        if call_id == LAST:
            call_id = _newest((await _get(http, calls, limit=1))["calls"], url)
        record = await _get(http, f"{calls}/{call_id}")
        log: tuple[LogEntry, ...] = ()
        more = True
        while more:
            page = await _get(http, f"{calls}/{call_id}/log", after=log[-1].n if log else 0)
            log += _entries(page, url)
            more = bool(page["more"])
    return Recorded(call_id=call_id, record=record, log=log, origin=url)


def _newest(calls: list[dict[str, Any]], origin: str) -> str:
    if not calls:
        raise Unavailable(f"{origin} has no calls")
    return str(calls[0]["call_id"])


def _entries(page: Mapping[str, Any], url: str) -> tuple[LogEntry, ...]:
    try:
        return ENTRIES.validate_python(page["entries"])
    except (ValidationError, KeyError) as error:
        raise Unavailable(f"{url} speaks of facts that are unknown here; update this") from error


async def _get(http: aiohttp.ClientSession, url: str, **query: int) -> Any:
    params = {name: str(value) for name, value in query.items()}
    try:
        async with http.get(url, params=params) as reply:
            status, body = reply.status, await reply.read()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise Unavailable(f"the host does not answer: {error}") from error
    if status != HTTPStatus.OK:
        raise Unavailable(f"{REASONS.get(status, 'the host refuses')} ({status})")
    try:
        return json.loads(body)
    except ValueError as error:
        raise Unavailable(f"{url} is not our API") from error


def from_store(file: Path, call_id: str) -> Recorded:
    """Read the store of a host that is down, changing nothing. Raises Unavailable."""
    if not file.is_file():
        raise Unavailable(f"no stack is up, and there is no store {file}")
    # Without a journal beside it the file is whole, and nothing need be written to read it.
    journal = file.with_name(f"{file.name}-wal")
    how = "mode=ro" if journal.exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)) as db:
            return _read(db, file, call_id)
    except sqlite3.Error as error:
        raise Unavailable(f"{file} cannot be read: {error}") from error


def _read(db: sqlite3.Connection, file: Path, call_id: str) -> Recorded:
    db.row_factory = sqlite3.Row
    newest = "select * from calls order by created_at desc, call_id desc limit 1"
    one = "select * from calls where call_id = ?"
    row = (db.execute(newest) if call_id == LAST else db.execute(one, (call_id,))).fetchone()
    if row is None:
        raise Unavailable(f"{file} has no such call")
    call = stored_call(row)
    rows = db.execute("select * from log where call_id = ? order by n", (call.call_id,))
    log = tuple(log_entry(each) for each in rows)
    record = call.record or call_record(call.call_id, log)
    return Recorded(
        call_id=call.call_id,
        record={**record, "scenario": call.scenario, "started_at": call.created_at},
        log=log,
        origin=str(file),
    )
