"""The customers of the practice bank with their money. All fictitious.

Days are counted back from the day the store was made, so that "recent" stays recent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.bank import Account, Customer, FeeKind, RetirementAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One seeded transaction, `days` ago."""

    account: int
    days: int
    description: str
    amount: int
    fee: FeeKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One customer with everything the bank has of them."""

    customer: Customer
    last_four: str
    date_of_birth: date
    accounts: tuple[Account, ...]
    moved: tuple[Moved, ...]
    retirement: tuple[RetirementAccount, ...] = ()


def _checking(number: str, balance: int) -> Account:
    return Account(
        account_id=f"acct-{number}",
        kind="checking",
        last_four=number,
        balance=balance,
        available=max(balance, 0),
    )


def _savings(number: str, balance: int) -> Account:
    return Account(
        account_id=f"acct-{number}",
        kind="savings",
        last_four=number,
        balance=balance,
        available=balance,
    )


def _credit(number: str, owed: int, limit: int) -> Account:
    return Account(
        account_id=f"acct-{number}",
        kind="credit card",
        last_four=number,
        balance=-owed,
        available=limit - owed,
    )


def _plan(
    number: str, provider: str, employer: str, balance: int, vested: int, *, current: bool
) -> RetirementAccount:
    return RetirementAccount(
        account_id=f"ret-{number}",
        kind="401k",
        provider=provider,
        employer=employer,
        current_employer=current,
        balance=balance,
        vested=vested,
        contribution_percent=6 if current else 0,
        match_percent=4 if current else 0,
    )


def _ira(number: str, balance: int) -> RetirementAccount:
    return RetirementAccount(
        account_id=f"ret-{number}",
        kind="traditional ira",
        provider="Contoso Bank",
        employer="",
        current_employer=False,
        balance=balance,
        vested=balance,
        contribution_percent=0,
        match_percent=0,
    )


PEOPLE = (
    Person(
        customer=Customer(
            client_id="maria_lopez",
            full_name="Maria Lopez",
            phone="+15550100001",
            member_since=date(2016, 4, 18),
            tier="gold",
            annual_income=96_000_00,
            credit_score=742,
        ),
        last_four="4127",
        date_of_birth=date(1985, 3, 3),
        accounts=(
            _checking("2210", 2_450_75),
            _savings("8834", 18_200_00),
            _credit("5519", 640_20, 8_000_00),
        ),
        moved=(
            Moved(account=0, days=1, description="Fresh Market", amount=-86_40),
            Moved(account=0, days=3, description="Payroll", amount=3_120_00),
            Moved(
                account=0,
                days=6,
                description="Overdraft fee",
                amount=-35_00,
                fee=FeeKind.OVERDRAFT,
            ),
            Moved(account=2, days=8, description="Hotel Lisboa", amount=-212_00),
            Moved(
                account=2,
                days=8,
                description="Foreign transaction fee",
                amount=-6_36,
                fee=FeeKind.FOREIGN_TRANSACTION,
            ),
            Moved(account=0, days=12, description="City Power", amount=-94_10),
        ),
        retirement=(
            _plan("7001", "Northfield Retirement", "Fabrikam", 84_500_00, 84_500_00, current=False),
            _plan("7002", "Summit Plans", "Woodgrove", 31_200_00, 24_960_00, current=True),
        ),
    ),
    Person(
        customer=Customer(
            client_id="james_carter",
            full_name="James Carter",
            phone="+15550100002",
            member_since=date(2021, 9, 2),
            tier="standard",
            annual_income=41_000_00,
            credit_score=655,
        ),
        last_four="9034",
        date_of_birth=date(1993, 11, 21),
        accounts=(_checking("3307", -42_18), _savings("3308", 310_00)),
        moved=(
            Moved(
                account=0,
                days=2,
                description="Overdraft fee",
                amount=-35_00,
                fee=FeeKind.OVERDRAFT,
            ),
            Moved(account=0, days=2, description="Gas station", amount=-48_00),
            Moved(
                account=0,
                days=20,
                description="Monthly maintenance fee",
                amount=-12_00,
                fee=FeeKind.MONTHLY_MAINTENANCE,
            ),
            Moved(
                account=0,
                days=130,
                description="Late payment fee",
                amount=-29_00,
                fee=FeeKind.LATE_PAYMENT,
            ),
        ),
        retirement=(_plan("7003", "Summit Plans", "Litware", 9_400_00, 4_700_00, current=True),),
    ),
    Person(
        customer=Customer(
            client_id="emily_chen",
            full_name="Emily Chen",
            phone="+15550100003",
            member_since=date(2009, 1, 12),
            tier="platinum",
            annual_income=215_000_00,
            credit_score=801,
        ),
        last_four="7718",
        date_of_birth=date(1963, 7, 9),
        accounts=(
            _checking("6120", 14_905_33),
            _savings("6121", 122_000_00),
            _credit("6129", 2_310_00, 25_000_00),
        ),
        moved=(
            Moved(account=0, days=1, description="Transfer to savings", amount=-2_000_00),
            Moved(
                account=0,
                days=4,
                description="International wire fee",
                amount=-65_00,
                fee=FeeKind.WIRE_TRANSFER,
            ),
            Moved(account=2, days=5, description="Airline ticket", amount=-1_240_00),
        ),
        retirement=(
            _plan(
                "7004", "Northfield Retirement", "Tailwind", 412_000_00, 412_000_00, current=True
            ),
            _ira("7005", 96_750_00),
        ),
    ),
    Person(
        customer=Customer(
            client_id="david_brown",
            full_name="David Brown",
            phone="+15550100004",
            member_since=date(2018, 6, 30),
            tier="standard",
            annual_income=58_500_00,
            credit_score=701,
        ),
        last_four="2265",
        date_of_birth=date(1979, 12, 5),
        accounts=(_checking("4415", 905_00), _credit("4418", 1_180_45, 3_500_00)),
        moved=(
            Moved(
                account=1,
                days=9,
                description="Late payment fee",
                amount=-29_00,
                fee=FeeKind.LATE_PAYMENT,
            ),
            Moved(account=0, days=3, description="Hardware store", amount=-132_55),
        ),
        retirement=(
            _plan("7006", "Harbor Funds", "Proseware", 52_300_00, 52_300_00, current=False),
        ),
    ),
    Person(
        customer=Customer(
            client_id="sarah_miller",
            full_name="Sarah Miller",
            phone="+15550100005",
            member_since=date(2023, 2, 14),
            tier="standard",
            annual_income=33_000_00,
            credit_score=590,
        ),
        last_four="6650",
        date_of_birth=date(2001, 5, 17),
        accounts=(_checking("5502", 1_120_09), _savings("5503", 2_000_00)),
        moved=(
            Moved(account=0, days=1, description="Coffee shop", amount=-5_75),
            Moved(
                account=0,
                days=15,
                description="Monthly maintenance fee",
                amount=-12_00,
                fee=FeeKind.MONTHLY_MAINTENANCE,
            ),
        ),
    ),
)
