"""What the call store knows by direction and by number: room for calls, and who rang before."""

from __future__ import annotations

import sqlite3

from adapters.sqlite_rows import stored_call
from core.call_store import StoredCall
from core.dialling import Caps, Full


def need_room(db: sqlite3.Connection, caps: Caps) -> None:
    """Make sure that one more outgoing call may be made. Raises Full."""
    live = "direction = 'outbound' and ended_at is null and created_at >= ?"
    if _count(db, live, caps.live_since) >= caps.concurrent:
        raise Full(today=False)
    if _count(db, "direction = 'outbound' and created_at >= ?", caps.day_began) >= caps.per_day:
        raise Full(today=True)


def _count(db: sqlite3.Connection, which: str, since: float) -> int:
    row = db.execute(f"select count(*) from calls where {which}", (since,)).fetchone()  # noqa: S608 constants
    return int(row[0])


def calls_of(
    db: sqlite3.Connection, person: str, since: float, limit: int
) -> tuple[StoredCall, ...]:
    rows = db.execute(
        "select * from calls where created_at >= ? and"
        " (caller = ? and direction = 'inbound' or called = ? and direction = 'outbound')"
        " order by created_at desc, call_id desc limit ?",
        (since, person, person, limit),
    )
    return tuple(stored_call(row) for row in rows)


def live_before(db: sqlite3.Connection, call: StoredCall, most: int) -> int:
    row = db.execute(
        "select count(*) from (select 1 from calls where ended_at is null"
        " and (created_at, call_id) < (?, ?) limit ?)",
        (call.created_at, call.call_id, most),
    ).fetchone()
    return int(row[0])
