"""What every store of promises keeps to; Cosmos DB is the real SDK against an emulated account."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.cosmos import CosmosContainer, account_key
from adapters.cosmos_promises import CosmosPromises
from adapters.sqlite_promises import SqlitePromises
from core.promises import APPROVAL, Approval
from localdev.emulators.cosmos import CosmosEmulator

ASKED = Approval(
    id="c1:approval:r/1?",
    call_id="c1",
    request_id="r/1?",
    tool="refund",
    agent="BankingConcierge",
    subject="a fee",
    details={"amount": 12.5, "fees": ["a", "b"]},
    asked_at=1000.0,
    remind_at=1100.0,
    due_at=1600.0,
)


@asynccontextmanager
async def sqlite(tmp_path):
    store = SqlitePromises(tmp_path / "promises.db", "approvals", APPROVAL)
    yield store
    await store.aclose()


@asynccontextmanager
async def cosmos(tmp_path):
    async with CosmosEmulator(page=1) as account:
        key = account_key(account.key)
        container = CosmosContainer(account.url, key, database="artvoice", create=True)
        store = CosmosPromises(container, "approvals", APPROVAL, retention_days=30)
        try:
            yield store
        finally:
            await store.aclose()


@pytest.fixture(params=[sqlite, cosmos])
async def store(request, tmp_path):
    async with request.param(tmp_path) as made:
        yield made


async def test_a_promise_is_kept_once(store):
    first = await store.keep(ASKED)
    second = await store.keep(replace(ASKED, subject="another"))

    assert first == second == ASKED
    assert await store.get(ASKED.id) == ASKED
    assert await store.get("other") is None


async def test_of_many_who_decide_at_once_one_is_heard(store):
    await store.keep(ASKED)
    decided = [replace(ASKED, decision="approved", by=str(n)) for n in range(5)]

    changed = await asyncio.gather(*(store.change(each) for each in decided))

    assert sorted(changed) == [False] * 4 + [True]
    kept = await store.get(ASKED.id)
    assert kept == replace(decided[changed.index(True)], version=1)
    assert await store.change(replace(kept, told_at=2000.0))


async def test_a_promise_that_nobody_made_cannot_be_changed(store):
    assert not await store.change(ASKED)


async def test_promises_are_listed_newest_first_page_by_page(store):
    for n in range(5):
        made = replace(ASKED, id=f"p{n}", call_id=f"c{n}", asked_at=1000.0 + n // 2)
        await store.keep(made)
    await store.change(replace(made, decision="denied"))

    first = await store.page(limit=2)
    second = await store.page(limit=2, continuation=first.continuation)
    third = await store.page(limit=2, continuation=second.continuation)

    pages = [each.id for page in (first, second, third) for each in page.promises]
    assert pages == ["p4", "p3", "p2", "p1", "p0"]
    assert third.continuation == ""
    assert [each.id for each in (await store.page(status="denied")).promises] == ["p4"]
    assert len((await store.page(status="open")).promises) == 4
    with pytest.raises(ValueError, match="float"):
        await store.page(continuation="nonsense")


async def test_promises_are_found_by_the_calls_they_were_made_in(store):
    for n, call_id in enumerate(("c1", "c2", "c1")):
        await store.keep(replace(ASKED, id=f"p{n}", call_id=call_id))

    found = await store.of(["c1", "c3"])

    assert [each.id for each in found] == ["p0", "p2"]
    assert await store.of([]) == ()


async def test_what_was_promised_in_a_forgotten_call_goes(store):
    await store.keep(ASKED)
    await store.keep(replace(ASKED, id="other", call_id="c2"))

    await store.forget([])
    await store.forget(["c1", "c3"])

    assert await store.get(ASKED.id) is None
    assert await store.get("other") is not None
