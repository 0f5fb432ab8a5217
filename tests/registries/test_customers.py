"""What every store of the bank's records keeps to; Cosmos DB: the real SDK, an emulated account."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from adapters.aside import LoopAside
from adapters.cosmos import CosmosContainer, account_key
from adapters.customers import CosmosCustomers
from adapters.customers.cosmos import CONTAINER, INDEXED
from core.bank import CallNote, CustomerStore, FeeKind
from core.bank_rules import eligibility, tax_impact
from localdev.emulators.cosmos import CosmosEmulator
from tests.bank import TODAY, bank, refund_at

Open = Callable[[], CustomerStore]


@contextmanager
def emulated(**options: int) -> Iterator[CosmosEmulator]:
    """Run an account aside, for stores that block."""
    with closing(LoopAside("account")) as aside:
        account = aside.run(CosmosEmulator(**options).__aenter__(), within_s=60)
        try:
            yield account
        finally:
            aside.run(account.__aexit__(), within_s=60)


def on(account: CosmosEmulator) -> CosmosCustomers:
    """Return the bank as one more process would see it."""
    container = CosmosContainer(
        account.url,
        account_key(account.key),
        database="artvoice",
        create=True,
        name=CONTAINER,
        indexed=INDEXED,
    )
    return CosmosCustomers(container, today=TODAY)


@pytest.fixture(params=["sqlite", "cosmos"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the same bank again, as another process would."""
    with ExitStack() as stack:
        account = stack.enter_context(emulated(page=3)) if request.param == "cosmos" else None

        def open_bank() -> CustomerStore:
            store: CustomerStore = bank(tmp_path) if account is None else on(account)
            return stack.enter_context(closing(store))

        yield open_bank


@pytest.fixture
def store(opened: Open) -> CustomerStore:
    return opened()


def test_a_fee_is_given_back_to_the_account_it_came_from(store: CustomerStore) -> None:
    before = store.accounts("maria_lopez")[0].balance

    refund = store.refund_fee(key="a", client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY)

    assert (refund.refusal, refund.amount) == ("", 35_00)
    assert store.accounts("maria_lopez")[0].balance == before + 35_00
    assert store.transactions("maria_lopez", limit=1)[0].description == "Refund: Overdraft fee"


def test_the_same_key_changes_nothing_and_returns_the_first_result(opened: Open) -> None:
    store = opened()
    first = store.refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    again = opened().refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    assert again == first
    assert sum(m.description.startswith("Refund") for m in store.transactions("maria_lopez")) == 1


def test_an_effect_without_a_key_is_not_run(store: CustomerStore) -> None:
    with pytest.raises(ValueError, match="without a key"):
        store.refund_fee(key="", client_id="maria_lopez", fee=None, today=TODAY)


def test_a_fee_is_not_given_back_twice(store: CustomerStore) -> None:
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
    store: CustomerStore, client: str, fee: FeeKind, reason: str
) -> None:
    refund = store.refund_fee(key="a", client_id=client, fee=fee, today=TODAY)

    assert reason in refund.refusal


def test_two_refunds_a_year_are_the_limit(store: CustomerStore) -> None:
    for key, fee in (("a", FeeKind.OVERDRAFT), ("b", FeeKind.MONTHLY_MAINTENANCE)):
        store.refund_fee(key=key, client_id="james_carter", fee=fee, today=TODAY)

    later = TODAY - timedelta(days=50)
    third = store.refund_fee(
        key="c", client_id="james_carter", fee=FeeKind.LATE_PAYMENT, today=later
    )

    assert "two refunds" in third.refusal


def test_many_threads_refund_a_fee_exactly_once(opened: Open) -> None:
    stores = [opened(), opened()]
    start = threading.Barrier(8)

    def refund(number: int) -> str:
        start.wait()
        store = stores[number % 2]
        key = f"key/{number}"
        return store.refund_fee(
            key=key, client_id="maria_lopez", fee=FeeKind.OVERDRAFT, today=TODAY
        ).refusal

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(refund, range(8)))

    assert refusals.count("") == 1


def test_of_many_runs_with_one_key_all_return_the_same(opened: Open) -> None:
    stores = [opened(), opened()]
    before = stores[0].accounts("james_carter")

    def refund(number: int) -> str:
        refund = stores[number % 2].refund_fee(
            key="one", client_id="james_carter", fee=None, today=TODAY
        )
        return refund.transaction_id

    with ThreadPoolExecutor(6) as pool:
        given = set(pool.map(refund, range(6)))

    after = stores[1].accounts("james_carter")
    assert len(given) == 1
    assert sum(a.balance - b.balance for a, b in zip(after, before, strict=True)) == 35_00


def test_two_processes_refund_a_fee_exactly_once(tmp_path: Path) -> None:
    bank(tmp_path)
    path = tmp_path / "bank.db"

    with get_context("spawn").Pool(2) as pool:
        refusals = pool.starmap(refund_at, [(path, "one"), (path, "two")])
        pool.close()
        pool.join()

    assert refusals.count("") == 1


def test_opening_the_bank_again_keeps_what_was_done(opened: Open) -> None:
    opened().refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

    again = opened()

    assert any(m.refunded for m in again.transactions("maria_lopez"))
    assert len(again.card_products()) == 6


def test_many_who_open_the_bank_at_once_open_one(opened: Open) -> None:
    stores = [opened() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda store: store.warm(), stores))

    assert len(stores[0].transactions("maria_lopez", limit=100)) == 6
    assert [each.last_four for each in stores[3].accounts("maria_lopez")] == [
        "2210",
        "8834",
        "5519",
    ]


def test_an_effect_on_nobody_says_so_and_leaves_nothing(store: CustomerStore) -> None:
    with pytest.raises(LookupError):
        store.send_agreement(key="a", client_id="nobody", card="Low Rate")

    assert store.send_agreement(key="a", client_id="maria_lopez", card="Low Rate").card
    assert (store.accounts("nobody"), store.applications("nobody")) == ((), ())


def test_attempts_are_counted_until_they_are_forgotten(opened: Open) -> None:
    stores = [opened(), opened()]

    def take(number: int) -> bool:
        return stores[number % 2].take_attempt("call/1?", limit=3)

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(8)))
    other = stores[0].take_attempt("call/2", limit=1)
    stores[0].forget_attempts("call/1?")
    stores[0].forget_attempts("never")

    assert (taken.count(True), other) == (3, True)
    assert stores[1].take_attempt("call/1?", limit=1)
    assert not stores[1].take_attempt("call/3", limit=0)


def test_notes_of_calls_are_the_newest_first_and_one_per_call(store: CustomerStore) -> None:
    for at in range(8):
        store.note_call("maria_lopez", _note(f"call/{at}", at + 0.5))
    store.note_call("maria_lopez", replace(_note("call/3", 3.5), summary="corrected"))
    store.note_call("james_carter", _note("another", 99.0))

    notes = store.call_notes("maria_lopez", limit=5)

    assert [each.call_id for each in notes] == [f"call/{at}" for at in (7, 6, 5, 4, 3)]
    assert notes[-1].summary == "corrected"
    assert len(store.call_notes("maria_lopez", limit=50)) == 8


def test_a_known_number_is_found(store: CustomerStore) -> None:
    found = store.by_phone("+15550100004")

    assert found is not None
    assert (found.client_id, found.first_name) == ("david_brown", "David")


def test_transactions_may_be_of_one_kind_of_account(store: CustomerStore) -> None:
    moved = store.transactions("maria_lopez", kind="credit card")

    assert [each.account for each in moved] == ["credit card 5519"] * 2
    assert [each.description for each in store.transactions("maria_lopez", limit=2)] == [
        "Fresh Market", "Payroll",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["maria lopez", "Maria Lopes", "Marialopez", "Marita Lopez"])
def test_a_name_is_found_as_a_recognizer_writes_it(store: CustomerStore, name: str) -> None:
    found = store.by_name(name)

    assert found is not None
    assert found.client_id == "maria_lopez"


def test_a_stranger_is_not_found(store: CustomerStore) -> None:
    assert store.by_name("Peter Schmidt") is None
    assert store.by_phone("+15559999999") is None


def test_identity_is_proved_by_everything_that_was_given(store: CustomerStore) -> None:
    born = TODAY.replace(year=1985, month=3, day=3)

    assert store.proves("maria_lopez", last_four="4127")
    assert store.proves("maria_lopez", last_four="4127", date_of_birth=born)
    assert not store.proves("maria_lopez", last_four="4128", date_of_birth=born)
    assert not store.proves("maria_lopez")
    assert not store.proves("nobody", last_four="4127")


def test_an_application_needs_its_agreement_first(store: CustomerStore) -> None:
    card = {"client_id": "maria_lopez", "card": "Travel Rewards"}

    early = store.approve_application(key="a", credit_limit=1, **card)
    store.send_agreement(key="b", **card)
    done = store.approve_application(key="c", credit_limit=500_00, **card)

    assert early is None
    assert done is not None
    assert (done.status, store.applications("maria_lopez")) == ("approved", (done,))


def test_a_better_score_never_lowers_the_limit(store: CustomerStore) -> None:
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


def test_a_bank_half_opened_is_opened_by_the_next() -> None:
    with emulated() as account, closing(on(account)) as store, closing(on(account)) as next_one:
        store.send_agreement(key="a", client_id="maria_lopez", card="Low Rate")
        items = account.databases["artvoice"][CONTAINER].items
        for key in (("bank", "cards"), ("customer:emily_chen", "entry")):
            del items[key]

        emily = next_one.customer("emily_chen")

        assert emily is not None
        assert len(next_one.applications("maria_lopez")) == 1
        assert ("bank", "cards") in items


def test_an_account_that_is_throttled_is_waited_for() -> None:
    with emulated() as account, closing(on(account)) as store:
        store.warm()
        account.throttle(4)

        refund = store.refund_fee(key="a", client_id="maria_lopez", fee=None, today=TODAY)

        assert refund.amount == 35_00


def test_an_effect_is_one_batch_in_the_customers_partition() -> None:
    with emulated() as account, closing(on(account)) as store:
        store.warm()
        container = account.databases["artvoice"][CONTAINER]
        before = set(container.items)

        store.refund_fee(key="a/b?", client_id="maria_lopez", fee=None, today=TODAY)

        (done,) = set(container.items) - before
        assert done[0] == "customer:maria_lopez"


def test_a_store_that_was_never_used_is_closed_without_a_word() -> None:
    with emulated() as account:
        on(account).close()

        assert account.requests == []


def _note(call_id: str, at: float) -> CallNote:
    return CallNote(call_id=call_id, at=at, summary="A card was blocked.", outcome="resolved")
