"""The files of the practice bank's customers on the day it opens."""

from __future__ import annotations

from datetime import date, timedelta

from adapters.customers.file import CustomerFile, account_label
from adapters.customers.people import PEOPLE, Person
from core.bank import Transaction


def seeded(today: date) -> tuple[CustomerFile, ...]:
    """Return a file per customer; days are counted back from `today`."""
    return tuple(_file(person, today) for person in PEOPLE)


def _file(person: Person, today: date) -> CustomerFile:
    return CustomerFile(
        customer=person.customer,
        last_four=person.last_four,
        date_of_birth=person.date_of_birth,
        accounts=person.accounts,
        transactions=tuple(
            Transaction(
                transaction_id=f"{person.customer.client_id}-{at}",
                account=account_label(person.accounts[moved.account]),
                on=today - timedelta(days=moved.days),
                description=moved.description,
                amount=moved.amount,
                fee=moved.fee,
            )
            for at, moved in enumerate(person.moved)
        ),
        retirement=person.retirement,
    )
