"""What leaves the call store: words that may not stay, and calls whose time is over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from core.facts import FACT
from core.wordless import wordless

# Has what was taken out gone from the disk too; `secure_delete` has done the main file.
OVERWRITE = "pragma wal_checkpoint(truncate)"


def take_words(db: sqlite3.Connection, call_id: str) -> None:
    """Leave of a call's log what happened, without what was said."""
    spoken = db.execute("select n, fact from log where call_id = ?", (call_id,))
    db.executemany(
        "update log set fact = ? where call_id = ? and n = ?",
        [
            (FACT.dump_json(wordless(FACT.validate_json(fact))).decode(), call_id, n)
            for n, fact in spoken.fetchall()
        ],
    )


def expired(db: sqlite3.Connection, ended_before: float, limit: int) -> tuple[str, ...]:
    rows = db.execute(
        "select call_id from calls where ended_at < ? order by ended_at limit ?",
        (ended_before, limit),
    )
    return tuple(str(row["call_id"]) for row in rows)


def forget(db: sqlite3.Connection, call_ids: Sequence[str]) -> None:
    ids = json.dumps(list(call_ids))
    for table in ("log", "directives", "calls"):
        db.execute(
            f"delete from {table} where call_id in (select value from json_each(?))",  # noqa: S608 constants
            (ids,),
        )
