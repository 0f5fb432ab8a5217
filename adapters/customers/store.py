"""The bank's records in one SQLite file, shared by the processes of one machine.

Every operation opens its own connection (a fraction of a millisecond), so any thread may call it.
A writer takes the write lock first (`BEGIN IMMEDIATE`) and waits for others; so what it read
inside its transaction is still true when it writes.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from adapters.customers.fees import (
    TRANSACTION_COLUMNS,
    described,
    fee_of,
    newest_fee,
    pay_back,
    transaction,
)
from adapters.customers.tables import CARD, CUSTOMER, NOTE, RETIREMENT, SCHEMA, seed
from core.bank import (
    Account,
    Application,
    CallNote,
    CardProduct,
    Customer,
    FeeKind,
    Refund,
    RetirementAccount,
    Transaction,
)
from core.bank_rules import above_limit, refund_refusal

BUSY_TIMEOUT_S = 5.0
NAME_LIKENESS = 0.72  # "Emilechion" for Emily Chen; the secret must be exact anyway


class SqliteCustomers:
    """A `CustomerStore` on the file `path`. Made and seeded at first use, as of `today`."""

    def __init__(self, path: Path, *, today: date) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)
        with self._writing() as db:
            seed(db, today)

    # --- people -----------------------------------------------------------------------------------

    def by_phone(self, phone: str) -> Customer | None:
        return self._customer("SELECT body FROM customers WHERE phone = ?", phone)

    def customer(self, client_id: str) -> Customer | None:
        return self._customer("SELECT body FROM customers WHERE client_id = ?", client_id)

    def by_name(self, full_name: str) -> Customer | None:
        wanted = _plain(full_name)
        known = [
            CUSTOMER.validate_json(row["body"]) for row in self._rows("SELECT body FROM customers")
        ]
        likeness = {
            c.client_id: SequenceMatcher(None, wanted, _plain(c.full_name)).ratio() for c in known
        }
        best = max(known, key=lambda customer: likeness[customer.client_id], default=None)
        return best if best and likeness[best.client_id] >= NAME_LIKENESS else None

    def proves(
        self, client_id: str, *, last_four: str | None = None, date_of_birth: date | None = None
    ) -> bool:
        rows = self._rows(
            "SELECT last_four, date_of_birth FROM customers WHERE client_id = ?", client_id
        )
        if not rows or (last_four is None and date_of_birth is None):
            return False
        born = date_of_birth.isoformat() if date_of_birth else None
        checks = ((last_four, rows[0]["last_four"]), (born, rows[0]["date_of_birth"]))
        matches = [
            hmac.compare_digest(given.encode(), known.encode())
            for given, known in checks
            if given is not None
        ]
        return all(matches)

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

    # --- money ------------------------------------------------------------------------------------

    def accounts(self, client_id: str) -> tuple[Account, ...]:
        rows = self._rows(
            """SELECT account_id, kind, last_four, balance, available FROM accounts
               WHERE client_id = ? ORDER BY rowid""",
            client_id,
        )
        return tuple(Account(**row) for row in rows)

    def transactions(
        self, client_id: str, *, kind: str | None = None, limit: int = 10
    ) -> tuple[Transaction, ...]:
        rows = self._rows(
            f"""SELECT {TRANSACTION_COLUMNS} FROM transactions JOIN accounts USING (account_id)
                WHERE client_id = ?1 AND (?2 IS NULL OR accounts.kind = ?2)
                ORDER BY "on" DESC, transactions.rowid LIMIT ?3""",  # noqa: S608, columns are ours
            client_id,
            kind,
            limit,
        )
        return tuple(map(transaction, rows))

    def refund_fee(self, *, key: str, client_id: str, fee: FeeKind | None, today: date) -> Refund:
        def give_back(db: sqlite3.Connection) -> Mapping[str, Any]:
            found = newest_fee(db, client_id, fee)
            year_ago = (today - timedelta(days=365)).isoformat()
            count = 'SELECT COUNT(*) AS n FROM refunds WHERE client_id = ? AND "on" > ?'
            given = int(db.execute(count, (client_id, year_ago)).fetchone()["n"])
            refusal = refund_refusal(found, refunds_this_year=given, today=today)
            if found and not found.refunded and refusal and above_limit(found):
                return asdict(replace(described(found), refusal=refusal, above_limit=True))
            if refusal or found is None:
                return asdict(Refund(refusal=refusal))
            return asdict(pay_back(db, client_id, found, today))

        return Refund(**self._once(key, give_back))

    def refund_approved(
        self, *, key: str, client_id: str, transaction_id: str, today: date
    ) -> Refund:
        def give_back(db: sqlite3.Connection) -> Mapping[str, Any]:
            found = fee_of(db, client_id, transaction_id)
            refusal = refund_refusal(found, refunds_this_year=0, today=today, approved=True)
            if refusal or found is None:
                return asdict(Refund(refusal=refusal))
            return asdict(pay_back(db, client_id, found, today))

        return Refund(**self._once(key, give_back))

    # --- cards ------------------------------------------------------------------------------------

    def card_products(self) -> tuple[CardProduct, ...]:
        rows = self._rows("SELECT body FROM cards ORDER BY rowid")
        return tuple(CARD.validate_json(row["body"]) for row in rows)

    def applications(self, client_id: str) -> tuple[Application, ...]:
        rows = self._rows(
            """SELECT application_id, card, status, credit_limit FROM applications
               WHERE client_id = ? ORDER BY card""",
            client_id,
        )
        return tuple(Application(**row) for row in rows)

    def send_agreement(self, *, key: str, client_id: str, card: str) -> Application:
        def send(db: sqlite3.Connection) -> Mapping[str, Any]:
            count = db.execute("SELECT COUNT(*) AS n FROM applications").fetchone()["n"]
            db.execute(
                "INSERT OR IGNORE INTO applications VALUES (?, ?, ?, 'agreement sent', 0)",
                (client_id, card, f"APP-{1001 + count}"),
            )
            application = _application(db, client_id, card)
            assert application is not None  # noqa: S101, written in this transaction
            return asdict(application)

        return Application(**self._once(key, send))

    def approve_application(
        self, *, key: str, client_id: str, card: str, credit_limit: int
    ) -> Application | None:
        def approve(db: sqlite3.Connection) -> Mapping[str, Any]:
            db.execute(
                """UPDATE applications SET status = 'approved', credit_limit = ?
                   WHERE client_id = ? AND card = ? AND status != 'approved'""",
                (credit_limit, client_id, card),
            )
            application = _application(db, client_id, card)
            return asdict(application) if application else {}

        result = self._once(key, approve)
        return Application(**result) if result else None

    def retirement_accounts(self, client_id: str) -> tuple[RetirementAccount, ...]:
        rows = self._rows(
            "SELECT body FROM retirement WHERE client_id = ? ORDER BY rowid", client_id
        )
        return tuple(RETIREMENT.validate_json(row["body"]) for row in rows)

    # --- calls ------------------------------------------------------------------------------------

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

    # --- the file ---------------------------------------------------------------------------------

    def _once(
        self, key: str, effect: Callable[[sqlite3.Connection], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Run `effect` and write its result under `key`, or return what is there."""
        if not key:
            raise ValueError("an effect without a key could happen twice")
        with self._writing() as db:
            done = db.execute("SELECT result FROM done WHERE key = ?", (key,)).fetchone()
            if done is None:
                result = json.dumps(effect(db))
                db.execute("INSERT INTO done VALUES (?, ?)", (key, result))
            else:
                result = done["result"]
        fresh: dict[str, Any] = json.loads(result)
        return fresh

    def _customer(self, query: str, key: str) -> Customer | None:
        rows = self._rows(query, key)
        return CUSTOMER.validate_json(rows[0]["body"]) if rows else None

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
        db = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, autocommit=True)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous=NORMAL")
        return db


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _application(db: sqlite3.Connection, client_id: str, card: str) -> Application | None:
    row = db.execute(
        """SELECT application_id, card, status, credit_limit FROM applications
           WHERE client_id = ? AND card = ?""",
        (client_id, card),
    ).fetchone()
    return Application(**row) if row else None
