"""What a tool may know about the call it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.bank import PROVED, Customer, CustomerStore
from core.dialling import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """The call a tool runs in. `slots` is what was remembered about the caller.

    `caller` is the caller's number as the network shows it: a hint, never a proof.
    `now` is the moment on the clock of the caller, whom we call back by the rules `callbacks`.
    `idempotency_key` is the same when the same tool call runs again after a crash.
    """

    call_id: str
    customers: CustomerStore
    today: date
    agent: str = ""
    turn: int = 0
    slots: Mapping[str, Any] = field(default_factory=dict)
    caller: str = ""
    idempotency_key: str = ""
    now: datetime | None = None
    callbacks: Rules = field(default_factory=Rules)

    @property
    def customer(self) -> Customer:
        """The customer who proved who they are. Raises LookupError when nobody did."""
        client_id = self.slots.get(PROVED)
        found = self.customers.customer(client_id) if isinstance(client_id, str) else None
        if found is None:
            raise LookupError("no verified customer in this call")
        return found


def known_caller(customers: CustomerStore, phone: str) -> dict[str, Any]:
    """Return slots with which a known number is greeted by name. They prove nothing."""
    customer = customers.by_phone(phone)
    return {"caller_name": customer.first_name} if customer else {}
