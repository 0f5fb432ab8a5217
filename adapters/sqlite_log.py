"""The logs of calls in SQLite: entries without gaps, each fact once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from adapters.sqlite_rows import log_entry
from core.call_store import LogPage, NewFact, UnknownCall
from core.facts import FACT, LogEntry, is_life


def append(
    db: sqlite3.Connection, call_id: str, facts: Sequence[NewFact], epoch: int | None, at: float
) -> tuple[LogEntry, ...]:
    """Append what is new as of `epoch`. Raises UnknownCall."""
    current = epoch_of(db, call_id)
    late = epoch is not None and epoch != current
    if epoch is not None and not late:
        db.execute("update calls set seen_at = ? where call_id = ?", (at, call_id))
    return write(db, call_id, facts, at, late=late)


def epoch_of(db: sqlite3.Connection, call_id: str) -> int:
    """Return how many relays have had the call. Raises UnknownCall."""
    row = db.execute("select epoch from calls where call_id = ?", (call_id,)).fetchone()
    if row is None:
        raise UnknownCall(call_id)
    return int(row["epoch"])


def write(
    db: sqlite3.Connection,
    call_id: str,
    facts: Sequence[NewFact],
    at: float,
    *,
    late: bool = False,
) -> tuple[LogEntry, ...]:
    """Write those that are new behind the last entry, and return them."""
    row = db.execute("select entries from calls where call_id = ?", (call_id,)).fetchone()
    n = int(row["entries"])
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


def page(db: sqlite3.Connection, call_id: str, after: int, limit: int, life_only: bool) -> LogPage:
    rows = db.execute(
        "select * from log where call_id = ? and n > ? and life >= ? order by n limit ?",
        (call_id, after, int(life_only), limit + 1),
    )
    entries = tuple(log_entry(row) for row in rows)
    return LogPage(entries=entries[:limit], more=len(entries) > limit)


def find(db: sqlite3.Connection, call_id: str, source: str, source_id: str) -> LogEntry | None:
    row = db.execute(
        "select * from log where call_id = ? and source = ? and source_id = ?",
        (call_id, source, source_id),
    ).fetchone()
    return log_entry(row) if row else None


def last_seq(db: sqlite3.Connection, call_id: str, source: str) -> int:
    row = db.execute(
        "select max(cast(source_id as integer)) as seq from log where call_id = ? and source = ?",
        (call_id, source),
    ).fetchone()
    return int(row["seq"] or 0)
