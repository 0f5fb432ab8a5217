"""A practice bank and tool contexts for tests."""

from datetime import date
from pathlib import Path
from typing import Any

from adapters.customers import SqliteCustomers
from core.bank import FeeKind
from registries import ToolContext

TODAY = date(2026, 3, 16)
MARIA = {"client_id": "maria_lopez", "caller_name": "Maria"}
JAMES = {"client_id": "james_carter", "caller_name": "James"}


def bank(folder: Path) -> SqliteCustomers:
    """Return a freshly seeded bank."""
    return SqliteCustomers(folder / "bank.db", today=TODAY)


def refund_at(path: Path, key: str) -> str:
    """Give a fee back, as a process that begins with this would; return why it was refused."""
    store = SqliteCustomers(path, today=TODAY)
    refund = store.refund_fee(key=key, client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)
    return refund.refusal


def context(customers: SqliteCustomers, *, key: str = "key-1", **facts: Any) -> ToolContext:
    """Return the context of one tool call."""
    return ToolContext(
        call_id="call-1", customers=customers, today=TODAY, idempotency_key=key, **facts
    )
