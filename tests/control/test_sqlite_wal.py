"""A new SQLite file that several open at the same moment, as the parts of a stack do."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from adapters.sqlite_wal import use_wal

OPENERS, FILES = 8, 20


def test_a_new_file_is_opened_by_all_who_come_at_once(tmp_path):
    together = threading.Barrier(OPENERS)

    def open_it(path):
        together.wait()
        with closing(sqlite3.connect(path, timeout=60, autocommit=True)) as db:
            use_wal(db, within_s=60)
            return db.execute("PRAGMA journal_mode").fetchone()[0]

    with ThreadPoolExecutor(OPENERS) as pool:
        for n in range(FILES):
            modes = list(pool.map(open_it, [tmp_path / f"{n}.db"] * OPENERS))
            assert modes == ["wal"] * OPENERS


def test_a_file_that_stays_locked_is_told_of(tmp_path):
    path = tmp_path / "locked.db"
    with (
        closing(sqlite3.connect(path, autocommit=True)) as owner,
        closing(sqlite3.connect(path, timeout=0, autocommit=True)) as other,
    ):
        owner.execute("CREATE TABLE t (x)")
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            use_wal(other, within_s=0.05)
