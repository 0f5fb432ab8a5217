import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from adapters.customers import SqliteCustomers
from core.bank import FeeKind
from core.bank_rules import eligibility, tax_impact
from tests.bank import TODAY, bank


def _refund(path: Path, key: str) -> str:
    store = SqliteCustomers(path, today=TODAY)
    refund = store.refund_fee(key=key, client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)
    return refund.refusal


def test_a_fee_is_given_back_to_the_account_it_came_from(tmp_path: Path) -> None:
    store = bank(tmp_path)
    before = store.accounts("maria_lopez")[0].balance

    refund = store.refund_fee(key="a", client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)

    assert (refund.refusal, refund.amount) == ("", 35_00)
    assert store.accounts("maria_lopez")[0].balance == before + 35_00
    assert store.transactions("maria_lopez", limit=1)[0].description == "Refund: Overdraft fee"


def test_the_same_key_changes_nothing_and_returns_the_first_result(tmp_path: Path) -> None:
    store = bank(tmp_path)
    first = store.refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    again = bank(tmp_path).refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    assert again == first
    assert sum(m.description.startswith("Refund") for m in store.transactions("maria_lopez")) == 1


def test_an_effect_without_a_key_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without a key"):
        bank(tmp_path).refund_fee(key="", client_id="maria_lopez", fee=None, today=TODAY)


def test_a_fee_is_not_given_back_twice(tmp_path: Path) -> None:
    store = bank(tmp_path)
    store.refund_fee(key="a", client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)

    second = store.refund_fee(key="b", client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)

    assert "already been refunded" in second.refusal


@pytest.mark.parametrize(
    ("client", "fee", "reason"),
    [
        ("james_carter", FeeKind.LATE_PAYMENT, "ninety days"),
        ("emily_chen", FeeKind.WIRE_TRANSFER, "above what I may refund"),
        ("maria_lopez", FeeKind.LATE_PAYMENT, "don't see a fee"),
    ],
)
def test_the_rules_of_the_bank_are_kept(
    tmp_path: Path, client: str, fee: FeeKind, reason: str
) -> None:
    refund = bank(tmp_path).refund_fee(key="a", client_id=client, fee=fee, today=TODAY)

    assert reason in refund.refusal


def test_two_refunds_a_year_are_the_limit(tmp_path: Path) -> None:
    store = bank(tmp_path)
    for key, fee in (("a", FeeKind.OVERDRAFT), ("b", FeeKind.MONTHLY_MAINTENANCE)):
        store.refund_fee(key=key, client_id="james_carter", fee=fee, today=TODAY)

    later = TODAY - timedelta(days=50)
    third = store.refund_fee(
        key="c", client_id="james_carter", fee=FeeKind.LATE_PAYMENT, today=later
    )

    assert "two refunds" in third.refusal


def test_many_threads_refund_a_fee_exactly_once(tmp_path: Path) -> None:
    bank(tmp_path)
    start = threading.Barrier(8)

    def refund(number: int) -> str:
        start.wait()
        return _refund(tmp_path / "bank.db", f"key-{number}")

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(refund, range(8)))

    assert refusals.count("") == 1


def test_two_processes_refund_a_fee_exactly_once(tmp_path: Path) -> None:
    bank(tmp_path)
    path = tmp_path / "bank.db"

    with get_context("spawn").Pool(2) as pool:
        refusals = pool.starmap(_refund, [(path, "one"), (path, "two")])
        pool.close()
        pool.join()

    assert refusals.count("") == 1


def test_opening_the_bank_again_keeps_what_was_done(tmp_path: Path) -> None:
    bank(tmp_path).refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    again = bank(tmp_path)

    assert any(m.refunded for m in again.transactions("maria_lopez"))
    assert len(again.card_products()) == 6


@pytest.mark.parametrize("name", ["maria lopez", "Maria Lopes", "Marialopez", "Marita Lopez"])
def test_a_name_is_found_as_a_recognizer_writes_it(tmp_path: Path, name: str) -> None:
    found = bank(tmp_path).by_name(name)

    assert found is not None
    assert found.client_id == "maria_lopez"


def test_a_stranger_is_not_found(tmp_path: Path) -> None:
    store = bank(tmp_path)

    assert store.by_name("Peter Schmidt") is None
    assert store.by_phone("+15559999999") is None


def test_identity_is_proved_by_everything_that_was_given(tmp_path: Path) -> None:
    store = bank(tmp_path)
    born = TODAY.replace(year=1985, month=3, day=3)

    assert store.proves("maria_lopez", last_four="4127")
    assert store.proves("maria_lopez", last_four="4127", date_of_birth=born)
    assert not store.proves("maria_lopez", last_four="4128", date_of_birth=born)
    assert not store.proves("maria_lopez")
    assert not store.proves("nobody", last_four="4127")


def test_an_application_needs_its_agreement_first(tmp_path: Path) -> None:
    store = bank(tmp_path)
    card = {"client_id": "maria_lopez", "card": "Travel Rewards"}

    early = store.approve_application(key="a", credit_limit=1, **card)
    store.send_agreement(key="b", **card)
    done = store.approve_application(key="c", credit_limit=500_00, **card)

    assert early is None
    assert done is not None
    assert (done.status, store.applications("maria_lopez")) == ("approved", (done,))


def test_a_better_score_never_lowers_the_limit(tmp_path: Path) -> None:
    store = bank(tmp_path)
    customer = store.customer("maria_lopez")
    card = store.card_products()[0]
    assert customer is not None

    limits = [
        eligibility(replace(customer, credit_score=score), card).credit_limit
        for score in range(600, 850, 10)
    ]

    assert limits == sorted(limits)


@pytest.mark.parametrize(
    ("kind", "age", "tax", "penalty", "received"),
    [
        ("direct rollover", 40, 0, 0, 10_000_00),
        ("roth conversion", 40, 2_200_00, 0, 10_000_00),
        ("cash out", 40, 2_200_00, 1_000_00, 6_800_00),
        ("cash out", 60, 2_200_00, 0, 7_800_00),
    ],
)
def test_moving_retirement_money_costs_what_the_rules_say(
    kind: str, age: int, tax: int, penalty: int, received: int
) -> None:
    impact = tax_impact(amount=10_000_00, income=96_000_00, age=age, kind=kind)

    assert (impact.tax, impact.penalty, impact.received) == (tax, penalty, received)
