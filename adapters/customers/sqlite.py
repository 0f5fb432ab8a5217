"""The bank's records in one SQLite file, shared by the processes of one machine.

Every operation opens its own connection (a fraction of a millisecond), so any thread may call it.
A writer takes the write lock first (`BEGIN IMMEDIATE`) and waits for others; so what it read
inside its transaction is still true when it writes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from adapters.customers.cards import CARDS as PRODUCTS
from adapters.customers.customers import CARDS, NOTE, Change, Customers, changed
from adapters.customers.file import FILE, CustomerFile
from adapters.customers.seed import seeded
from adapters.sqlite_wal import use_wal
from core.bank import CallNote, CardProduct

BUSY_TIMEOUT_S = 5.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    client_id TEXT PRIMARY KEY, phone TEXT UNIQUE, full_name TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS catalogue (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT);
CREATE TABLE IF NOT EXISTS attempts (scope TEXT PRIMARY KEY, taken INTEGER);
CREATE TABLE IF NOT EXISTS notes (
    call_id TEXT PRIMARY KEY, client_id TEXT, at REAL, body TEXT);
CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, result TEXT);
"""


class SqliteCustomers(Customers):
    """A `CustomerStore` on the file `path`. Made and seeded at first use, as of `today`."""

    def __init__(self, path: Path, *, today: date) -> None:
        self._path = path
        self._today = today
        self._making = threading.Lock()
        self._made = False

    def warm(self) -> None:
        with self._making:
            if self._made:
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(self._open()) as db:
                use_wal(db, within_s=BUSY_TIMEOUT_S)
                db.executescript(SCHEMA)
                db.execute("BEGIN IMMEDIATE")
                self._seed(db)
                db.execute("COMMIT")
            self._made = True

    def close(self) -> None:
        """Hold nothing open between two uses."""

    def take_attempt(self, scope: str, *, limit: int) -> bool:
        with self._writing() as db:
            row = db.execute("SELECT taken FROM attempts WHERE scope = ?", (scope,)).fetchone()
            taken = row["taken"] if row else 0
            if taken >= limit:
                return False
            db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?)", (scope, taken + 1))
            return True

    def forget_attempts(self, scope: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM attempts WHERE scope = ?", (scope,))

    def card_products(self) -> tuple[CardProduct, ...]:
        (row,) = self._rows("SELECT body FROM catalogue")
        return CARDS.validate_json(row["body"])

    def note_call(self, client_id: str, note: CallNote) -> None:
        with self._writing() as db:
            body = NOTE.dump_json(note).decode()
            values = (note.call_id, client_id, note.at, body)
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)", values)

    def call_notes(self, client_id: str, *, limit: int = 10) -> tuple[CallNote, ...]:
        rows = self._rows(
            "SELECT body FROM notes WHERE client_id = ? ORDER BY at DESC LIMIT ?", client_id, limit
        )
        return tuple(NOTE.validate_json(row["body"]) for row in rows)

    # --- files ------------------------------------------------------------------------------------

    def _file(self, client_id: str) -> CustomerFile | None:
        with closing(self._connect()) as db:
            return _read(db, client_id)

    def _names(self) -> Mapping[str, str]:
        rows = self._rows("SELECT client_id, full_name FROM files")
        return {row["client_id"]: row["full_name"] for row in rows}

    def _client_of(self, phone: str) -> str | None:
        rows = self._rows("SELECT client_id FROM files WHERE phone = ?", phone)
        return rows[0]["client_id"] if rows else None

    def _write_once[T](
        self, client_id: str, key: str, change: Change[T], result: TypeAdapter[T]
    ) -> T:
        with self._writing() as db:
            done = db.execute("SELECT result FROM done WHERE key = ?", (key,)).fetchone()
            if done is not None:
                return result.validate_json(done["result"])
            file, answer = changed(_read(db, client_id), change)
            body = FILE.dump_json(file).decode()
            db.execute("UPDATE files SET body = ? WHERE client_id = ?", (body, client_id))
            db.execute("INSERT INTO done VALUES (?, ?)", (key, result.dump_json(answer).decode()))
        return answer

    def _seed(self, db: sqlite3.Connection) -> None:
        if db.execute("SELECT 1 FROM catalogue").fetchone() is not None:
            return
        for file in seeded(self._today):
            customer, body = file.customer, FILE.dump_json(file).decode()
            values = (customer.client_id, customer.phone, customer.full_name, body)
            db.execute("INSERT INTO files VALUES (?, ?, ?, ?)", values)
        db.execute("INSERT INTO catalogue VALUES (1, ?)", (CARDS.dump_json(PRODUCTS).decode(),))

    # --- the file on disk -------------------------------------------------------------------------

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with closing(self._connect()) as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            # Leaving with an error closes the connection, which rolls back.
            yield db
            db.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        self.warm()
        return self._open()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, autocommit=True)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous=NORMAL")
        return db


def _read(db: sqlite3.Connection, client_id: str) -> CustomerFile | None:
    row = db.execute("SELECT body FROM files WHERE client_id = ?", (client_id,)).fetchone()
    return FILE.validate_json(row["body"]) if row else None
