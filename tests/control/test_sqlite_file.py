"""Transactions of a SQLite file: all or nothing, also where the end itself fails."""

import sqlite3

import pytest

from adapters.sqlite_file import SqliteFile

SCHEMA = """
pragma foreign_keys = on;
create table calls (id text primary key);
create table log (call text references calls (id) deferrable initially deferred);
"""


async def test_a_commit_that_fails_takes_nothing_of_the_next_transaction_along():
    file = SqliteFile(":memory:", SCHEMA, "test")

    def write(call, *, known):
        with file.transaction() as db:
            if known:
                db.execute("insert into calls values (?)", (call,))
            db.execute("insert into log values (?)", (call,))

    with pytest.raises(sqlite3.IntegrityError):
        await file.run(write, "nobody", known=False)
    await file.run(write, "somebody", known=True)
    rows = await file.run(lambda: file.execute("select call from log").fetchall())
    await file.aclose()

    assert [row["call"] for row in rows] == ["somebody"]
