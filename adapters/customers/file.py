"""A customer's file: all that the bank has of one person, and what may be done to it.

Every change is a function of the file, so that each store writes the same in its own way.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from hashlib import sha256

from pydantic import TypeAdapter

from core.bank import (
    Account,
    Application,
    Customer,
    FeeKind,
    Refund,
    RetirementAccount,
    Transaction,
)
from core.bank_rules import above_limit, refund_refusal

NAME_LIKENESS = 0.72  # "Emilechion" for Emily Chen; the secret must be exact anyway
A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """One customer with everything the bank has of them. `refunds`: the days of refunds."""

    customer: Customer
    last_four: str
    date_of_birth: date
    accounts: tuple[Account, ...]
    transactions: tuple[Transaction, ...]
    retirement: tuple[RetirementAccount, ...] = ()
    refunds: tuple[date, ...] = ()
    applications: tuple[Application, ...] = ()


FILE = TypeAdapter(CustomerFile)


def called(names: Mapping[str, str], full_name: str) -> str | None:
    """Return the key of the name that is most like this one, if any is like it."""
    wanted = _plain(full_name)
    likeness = {
        key: SequenceMatcher(None, wanted, _plain(name)).ratio() for key, name in names.items()
    }
    best = max(likeness, key=lambda key: likeness[key], default=None)
    return best if best is not None and likeness[best] >= NAME_LIKENESS else None


def proves(file: CustomerFile, last_four: str | None, date_of_birth: date | None) -> bool:
    """Whether everything given matches (and something was given)."""
    born = date_of_birth.isoformat() if date_of_birth else None
    checks = ((last_four, file.last_four), (born, file.date_of_birth.isoformat()))
    matches = [
        hmac.compare_digest(given.encode(), known.encode())
        for given, known in checks
        if given is not None
    ]
    return bool(matches) and all(matches)


def newest(file: CustomerFile, kind: str | None, limit: int) -> tuple[Transaction, ...]:
    """Return the newest transactions first, of all accounts or of one kind."""
    moved = [each for each in file.transactions if kind in {None, each.account.rpartition(" ")[0]}]
    return tuple(sorted(moved, key=lambda each: each.on, reverse=True)[:limit])


def refund_fee(file: CustomerFile, fee: FeeKind | None, today: date) -> tuple[CustomerFile, Refund]:
    """Give back the newest fee (of that kind) if the rules allow it."""
    fees = [each for each in newest(file, None, len(file.transactions)) if each.fee]
    asked = [each for each in fees if fee in {None, each.fee}]
    # One that was not given back comes first, so that "another one" finds the next.
    found = min(asked, key=lambda each: each.refunded, default=None)
    given = sum(day > today - A_YEAR for day in file.refunds)
    refusal = refund_refusal(found, refunds_this_year=given, today=today)
    if found and not found.refunded and refusal and above_limit(found):
        return file, replace(_described(found), refusal=refusal, above_limit=True)
    if refusal or found is None:
        return file, Refund(refusal=refusal)
    return _paid_back(file, found, today)


def refund_approved(
    file: CustomerFile, transaction_id: str, today: date
) -> tuple[CustomerFile, Refund]:
    """Give back this very fee, as a person approved, unless it was given back before."""
    fees = (each for each in file.transactions if each.fee)
    found = next((each for each in fees if each.transaction_id == transaction_id), None)
    refusal = refund_refusal(found, refunds_this_year=0, today=today, approved=True)
    if refusal or found is None:
        return file, Refund(refusal=refusal)
    return _paid_back(file, found, today)


def send_agreement(file: CustomerFile, card: str) -> tuple[CustomerFile, Application]:
    """Begin an application, or return the one there is."""
    there = _application(file, card)
    if there is not None:
        return file, there
    ident = _application_id(file.customer.client_id, card)
    sent = Application(application_id=ident, card=card, status="agreement sent")
    by_card = sorted((*file.applications, sent), key=lambda each: each.card)
    return replace(file, applications=tuple(by_card)), sent


def approve_application(
    file: CustomerFile, card: str, credit_limit: int
) -> tuple[CustomerFile, Application | None]:
    """Approve an application whose agreement was sent; an approved one stays as it is."""
    there = _application(file, card)
    if there is None or there.status == "approved":
        return file, there
    approved = replace(there, status="approved", credit_limit=credit_limit)
    applications = tuple(approved if each is there else each for each in file.applications)
    return replace(file, applications=applications), approved


def _paid_back(file: CustomerFile, fee: Transaction, today: date) -> tuple[CustomerFile, Refund]:
    amount = -fee.amount
    accounts = tuple(
        replace(each, balance=each.balance + amount, available=each.available + amount)
        if account_label(each) == fee.account
        else each
        for each in file.accounts
    )
    back = Transaction(
        transaction_id=f"{fee.transaction_id}-refund",
        account=fee.account,
        on=today,
        description=f"Refund: {fee.description}",
        amount=amount,
    )
    moved = (replace(each, refunded=True) if each is fee else each for each in file.transactions)
    changed = replace(
        file,
        accounts=accounts,
        transactions=(*moved, back),
        refunds=(*file.refunds, today),
    )
    balance = next(each.balance for each in accounts if account_label(each) == fee.account)
    return changed, replace(_described(fee), balance=balance)


def account_label(account: Account) -> str:
    """Return how a transaction names its account, which is one of a customer's."""
    return f"{account.kind} {account.last_four}"


def _described(fee: Transaction) -> Refund:
    return Refund(
        transaction_id=fee.transaction_id,
        fee=str(fee.fee),
        description=fee.description,
        amount=-fee.amount,
    )


def _application(file: CustomerFile, card: str) -> Application | None:
    return next((each for each in file.applications if each.card == card), None)


def _application_id(client_id: str, card: str) -> str:
    # A number that counts over all customers would make them wait for each other.
    digest = sha256(f"{client_id}\n{card}".encode()).digest()
    return f"APP-{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
