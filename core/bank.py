"""What the bank knows of its customers, and the port through which tools read and change it.

Money is in integer US cents; a debit is negative. Identity secrets never leave the store: it
answers whether they match.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal, Protocol

PROVED = "client_id"  # the slot that says which customer a caller has proved to be


class FeeKind(StrEnum):
    """Why the bank took a fee."""

    OVERDRAFT = "overdraft"
    FOREIGN_TRANSACTION = "foreign transaction"
    MONTHLY_MAINTENANCE = "monthly maintenance"
    LATE_PAYMENT = "late payment"
    WIRE_TRANSFER = "wire transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person with accounts. `phone` is a hint who calls, never a proof."""

    client_id: str
    full_name: str
    phone: str
    member_since: date
    tier: str
    annual_income: int
    credit_score: int

    @property
    def first_name(self) -> str:
        """How the person is addressed."""
        return self.full_name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; for a credit card `balance` is what is owed, as a negative number."""

    account_id: str
    kind: Literal["checking", "savings", "credit card"]
    last_four: str
    balance: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One movement of money on an account; `fee` tells what kind of fee it was, if any."""

    transaction_id: str
    account: str
    on: date
    description: str
    amount: int
    fee: FeeKind | None = None
    refunded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardProduct:
    """A credit card that may be had. `apr` in percent, as text, so that it stays exact."""

    name: str
    best_for: Literal["cash back", "travel", "low interest", "no annual fee", "building credit"]
    annual_fee: int
    apr: str
    rewards: str
    min_score: int
    min_income: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementAccount:
    """A 401(k) or IRA. `vested` is what the customer may take along."""

    account_id: str
    kind: Literal["401k", "traditional ira", "roth ira"]
    provider: str
    employer: str
    current_employer: bool
    balance: int
    vested: int
    contribution_percent: int
    match_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """How a refund ended. Refused: `refusal` says why, the rest is empty.

    `above_limit`: only a person may give this fee back; then the rest says which it is.
    """

    refusal: str = ""
    above_limit: bool = False
    transaction_id: str = ""
    fee: str = ""
    description: str = ""
    amount: int = 0
    balance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A card application as it stands."""

    application_id: str
    card: str
    status: Literal["agreement sent", "approved"]
    credit_limit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """What a call with the customer came to; `at`: epoch seconds of its end."""

    call_id: str
    at: float
    summary: str
    outcome: str
    next_action: str = ""


class CustomerStore(Protocol):
    """The bank's records. Synchronous: tools that use it run in threads.

    Whatever changes something takes `key`: key and effect are written in one transaction, and a
    second run with the same key changes nothing and returns the first result.
    """

    def warm(self) -> None:
        """Make ready what the first caller would wait for."""
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...

    def by_phone(self, phone: str) -> Customer | None: ...

    def by_name(self, full_name: str) -> Customer | None:
        """Find by name, forgiving what a recognizer does to names."""
        ...

    def customer(self, client_id: str) -> Customer | None: ...

    def proves(
        self, client_id: str, *, last_four: str | None = None, date_of_birth: date | None = None
    ) -> bool:
        """Whether everything given matches (and something was given)."""
        ...

    def take_attempt(self, scope: str, *, limit: int) -> bool:
        """Count one attempt; false when `limit` of them were taken before."""
        ...

    def forget_attempts(self, scope: str) -> None: ...

    def accounts(self, client_id: str) -> tuple[Account, ...]: ...

    def transactions(
        self, client_id: str, *, kind: str | None = None, limit: int = 10
    ) -> tuple[Transaction, ...]:
        """Return the newest first, of all accounts or of one kind."""
        ...

    def refund_fee(self, *, key: str, client_id: str, fee: FeeKind | None, today: date) -> Refund:
        """Give back the newest fee (of that kind) if the rules allow it."""
        ...

    def refund_approved(
        self, *, key: str, client_id: str, transaction_id: str, today: date
    ) -> Refund:
        """Give back this very fee, as a person approved; refused if it was given back before."""
        ...

    def card_products(self) -> tuple[CardProduct, ...]: ...

    def send_agreement(self, *, key: str, client_id: str, card: str) -> Application: ...

    def applications(self, client_id: str) -> tuple[Application, ...]: ...

    def approve_application(
        self, *, key: str, client_id: str, card: str, credit_limit: int
    ) -> Application | None:
        """Approve an application whose agreement was sent; None when there is none."""
        ...

    def retirement_accounts(self, client_id: str) -> tuple[RetirementAccount, ...]: ...

    def note_call(self, client_id: str, note: CallNote) -> None:
        """Put a call on the customer's file; the same call again replaces its note."""
        ...

    def call_notes(self, client_id: str, *, limit: int = 10) -> tuple[CallNote, ...]:
        """Return the newest first."""
        ...
