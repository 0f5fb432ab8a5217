"""Transactions and fees as rows, and how a fee goes back to its account."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date

from core.bank import FeeKind, Refund, Transaction

TRANSACTION_COLUMNS = """transaction_id, accounts.kind || ' ' || accounts.last_four AS account,
    "on", description, amount, fee, refunded"""


def transaction(row: sqlite3.Row) -> Transaction:
    return Transaction(
        transaction_id=row["transaction_id"],
        account=row["account"],
        on=date.fromisoformat(row["on"]),
        description=row["description"],
        amount=row["amount"],
        fee=FeeKind(row["fee"]) if row["fee"] else None,
        refunded=bool(row["refunded"]),
    )


def newest_fee(db: sqlite3.Connection, client_id: str, fee: FeeKind | None) -> Transaction | None:
    """Prefer a fee that was not given back, so that "another one" finds the next."""
    row = db.execute(
        f"""SELECT {TRANSACTION_COLUMNS} FROM transactions JOIN accounts USING (account_id)
            WHERE client_id = ?1 AND fee IS NOT NULL AND (?2 IS NULL OR fee = ?2)
            ORDER BY refunded, "on" DESC LIMIT 1""",  # noqa: S608, columns are ours
        (client_id, fee),
    ).fetchone()
    return transaction(row) if row else None


def fee_of(db: sqlite3.Connection, client_id: str, transaction_id: str) -> Transaction | None:
    row = db.execute(
        f"""SELECT {TRANSACTION_COLUMNS} FROM transactions JOIN accounts USING (account_id)
            WHERE client_id = ? AND transaction_id = ? AND fee IS NOT NULL""",  # noqa: S608, columns are ours
        (client_id, transaction_id),
    ).fetchone()
    return transaction(row) if row else None


def described(fee: Transaction) -> Refund:
    return Refund(
        transaction_id=fee.transaction_id,
        fee=str(fee.fee),
        description=fee.description,
        amount=-fee.amount,
    )


def pay_back(db: sqlite3.Connection, client_id: str, fee: Transaction, today: date) -> Refund:
    day, amount, ident = today.isoformat(), -fee.amount, fee.transaction_id
    db.execute("UPDATE transactions SET refunded = 1 WHERE transaction_id = ?", (ident,))
    db.execute("INSERT INTO refunds VALUES (?, ?, ?)", (ident, client_id, day))
    account = db.execute(
        "SELECT account_id FROM transactions WHERE transaction_id = ?", (ident,)
    ).fetchone()["account_id"]
    db.execute(
        """UPDATE accounts SET balance = balance + ?1, available = available + ?1
           WHERE account_id = ?2""",
        (amount, account),
    )
    db.execute(
        "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, NULL, 0)",
        (f"{ident}-refund", account, day, f"Refund: {fee.description}", amount),
    )
    balance = db.execute("SELECT balance FROM accounts WHERE account_id = ?", (account,))
    return replace(described(fee), balance=balance.fetchone()["balance"])
