"""A SQLite file's write-ahead log, which lets processes read while another one writes."""

from __future__ import annotations

import sqlite3
import time

_PAUSE_S = 0.01


def use_wal(db: sqlite3.Connection, *, within_s: float) -> None:
    """Have this file keep a write-ahead log. Raises sqlite3.OperationalError if it stays locked.

    Whoever opens a new file together with others is told at once that it is locked: the timeout of
    a connection does not hold for this change (https://sqlite.org/wal.html).
    """
    until = time.monotonic() + within_s
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
