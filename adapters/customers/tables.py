"""The tables of the bank's records, and what they hold at first."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from pydantic import TypeAdapter

from adapters.customers.cards import CARDS
from adapters.customers.people import PEOPLE, Person
from core.bank import CallNote, CardProduct, Customer, RetirementAccount

SCHEMA = """
CREATE TABLE IF NOT EXISTS customers (
    client_id TEXT PRIMARY KEY, phone TEXT UNIQUE, last_four TEXT, date_of_birth TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS accounts (
    account_id TEXT PRIMARY KEY, client_id TEXT, kind TEXT, last_four TEXT,
    balance INTEGER, available INTEGER);
CREATE TABLE IF NOT EXISTS transactions (
    transaction_id TEXT PRIMARY KEY, account_id TEXT, "on" TEXT, description TEXT,
    amount INTEGER, fee TEXT, refunded INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS refunds (transaction_id TEXT PRIMARY KEY, client_id TEXT, "on" TEXT);
CREATE TABLE IF NOT EXISTS cards (name TEXT PRIMARY KEY, body TEXT);
CREATE TABLE IF NOT EXISTS applications (
    client_id TEXT, card TEXT, application_id TEXT, status TEXT, credit_limit INTEGER,
    PRIMARY KEY (client_id, card));
CREATE TABLE IF NOT EXISTS retirement (account_id TEXT PRIMARY KEY, client_id TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS attempts (scope TEXT PRIMARY KEY, taken INTEGER);
CREATE TABLE IF NOT EXISTS notes (
    call_id TEXT PRIMARY KEY, client_id TEXT, at REAL, body TEXT);
CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, result TEXT);
"""

CUSTOMER = TypeAdapter(Customer)
CARD = TypeAdapter(CardProduct)
RETIREMENT = TypeAdapter(RetirementAccount)
NOTE = TypeAdapter(CallNote)


def seed(db: sqlite3.Connection, today: date) -> None:
    """Fill empty tables; days are counted back from `today`. Runs inside a transaction."""
    if db.execute("SELECT 1 FROM customers").fetchone() is not None:
        return
    for person in PEOPLE:
        _seed_person(db, person, today)
    db.executemany(
        "INSERT INTO cards VALUES (?, ?)",
        [(card.name, CARD.dump_json(card).decode()) for card in CARDS],
    )


def _seed_person(db: sqlite3.Connection, person: Person, today: date) -> None:
    customer, ident = person.customer, person.customer.client_id
    born, body = person.date_of_birth.isoformat(), CUSTOMER.dump_json(customer).decode()
    db.execute(
        "INSERT INTO customers VALUES (?, ?, ?, ?, ?)",
        (ident, customer.phone, person.last_four, born, body),
    )
    for account in person.accounts:
        values = (account.kind, account.last_four, account.balance, account.available)
        db.execute(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)", (account.account_id, ident, *values)
        )
    for at, moved in enumerate(person.moved):
        account_id = person.accounts[moved.account].account_id
        day = (today - timedelta(days=moved.days)).isoformat()
        db.execute(
            "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, 0)",
            (f"{ident}-{at}", account_id, day, moved.description, moved.amount, moved.fee),
        )
    for plan in person.retirement:
        db.execute(
            "INSERT INTO retirement VALUES (?, ?, ?)",
            (plan.account_id, ident, RETIREMENT.dump_json(plan).decode()),
        )
