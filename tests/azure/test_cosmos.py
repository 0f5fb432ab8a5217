"""What is special about calls in Cosmos DB; the contract itself is in `tests/control`."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError

from adapters.cosmos import CosmosContainer, account_key, creating, deleting
from adapters.cosmos_calls import CosmosCalls
from adapters.cosmos_documents import LIST, partition
from core import facts as f
from localdev.emulators.cosmos import KEY, CosmosEmulator
from tests.control.test_store import CALL, Clock, said

DAY_S = 86_400


class Now:
    """A clock that stands until it is set."""

    now = 1_000_000.0

    def __call__(self):
        return self.now


def container_of(account, credential=KEY, *, create=True):
    key = account_key(credential)
    return CosmosContainer(account.url, key, database="artvoice", create=create)


@asynccontextmanager
async def host(account, *, clock=None, **options):
    """Open a store as one more process would."""
    container = container_of(account, **options)
    store = CosmosCalls(container, retention_days=30, clock=clock or Clock())
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
async def account():
    async with CosmosEmulator() as emulator:
        yield emulator


async def test_hosts_that_start_at_once_make_one_container(account):
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(host(account)) for _ in range(4)]

        claimed = await asyncio.gather(*(each.claim(CALL) for each in hosts))

    assert claimed == [CALL] * 4
    assert list(account.databases["artvoice"]) == ["calls"]


async def test_hosts_that_append_at_once_make_one_log_without_gaps(account):
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(host(account)) for _ in range(3)]
        await hosts[0].claim(CALL)

        written = await asyncio.gather(
            *(each.append("c1", [said(n), said(n + 1)]) for n in range(1, 8) for each in hosts)
        )

        entries = (await hosts[0].log("c1")).entries
    assert [entry.n for entry in entries] == list(range(1, 10))
    assert sorted(entry.n for some in written for entry in some) == list(range(2, 10))


async def test_hosts_that_open_sessions_at_once_get_different_epochs(account):
    async with host(account) as one, host(account) as other:
        await one.claim(CALL)

        epochs = await asyncio.gather(*(each.open_session("c1", "r") for each in (one, other) * 4))

        assert sorted(epochs) == list(range(1, 9))
        assert (await one.call("c1")).epoch == 8


async def test_more_facts_than_a_batch_takes_are_appended_in_order(account):
    async with host(account) as store:
        await store.claim(CALL)

        written = await store.append("c1", [said(n) for n in range(1, 251)])

        assert [int(entry.source_id) for entry in written] == list(range(1, 251))
        assert [entry.n for entry in (await store.log("c1")).entries] == list(range(1, 252))


async def test_facts_too_long_for_one_batch_are_appended_in_order(account):
    async with host(account) as store:
        await store.claim(CALL)

        await store.append("c1", [said(n, "word " * 100_000) for n in range(1, 6)])

        assert await store.last_seq("c1", "c1/1") == 5


async def test_a_throttled_request_is_repeated_until_patience_ends(account):
    async with host(account) as store:
        await store.claim(CALL)
        account.throttle(4)

        assert await store.call("c1") == CALL

        account.throttle(1000)
        with pytest.raises(CosmosHttpResponseError, match="TooManyRequests"):
            await store.call("c1")


async def test_a_wrong_key_is_refused_and_nothing_stays_open(account):
    async with host(account, credential="d3Jvbmcga2V5") as store:
        with pytest.raises(CosmosHttpResponseError, match="Unauthorized"):
            await store.call("c1")


async def test_who_may_make_nothing_uses_what_is_deployed(account):
    async with host(account, create=False) as guest:
        with pytest.raises(CosmosResourceNotFoundError):
            await guest.call("c1")
        with pytest.raises(CosmosResourceNotFoundError):
            await guest.claim(CALL)
        async with host(account) as owner:
            await owner.claim(CALL)

        assert await guest.call("c1") == CALL


async def test_what_stays_too_long_expires_and_the_list_still_leads_to_its_files():
    now = Now()
    async with CosmosEmulator(clock=now) as account, host(account, clock=now) as store:
        await store.claim(CALL)
        await store.append("c1", [said(1)])
        await store.keep_snapshot("sha", "text")
        await store.finish("c1", {}, keep_words=True)
        ended_at = now.now

        now.now += 30 * DAY_S
        kept = await store.call("c1")
        now.now += 2 * DAY_S

        assert kept is not None
        assert await store.call("c1") is None
        assert (await store.log("c1")).entries == ()
        assert (await store.calls()).calls == ()
        assert await store.snapshot("sha") == "text"
        assert await store.expired(ended_before=ended_at + 1) == ("c1",)
        await store.forget(["c1"])
        assert await store.expired(ended_before=ended_at + 1) == ()


async def test_words_that_come_after_the_end_of_a_call_that_keeps_none_are_left_out(account):
    async with host(account) as store:
        await store.claim(CALL)
        await store.finish("c1", {}, keep_words=False)

        (entry,) = await store.append("c1", [said(1, "a secret")])

        assert entry.fact == f.CallerSaid(turn=1, text="")
        assert (await store.find("c1", "c1/1", "1")).fact == entry.fact


async def test_a_claim_that_broke_off_is_not_listed_and_can_be_made_again(account):
    async with host(account) as store:
        await store.claim(CALL)
        await store.claim(replace(CALL, call_id="c2", created_at=2.0))
        items = account.databases["artvoice"]["calls"].items
        for key in [key for key in items if key[0] == partition("c1")]:
            del items[key]

        listed = (await store.calls(limit=2)).calls
        again = await store.claim(CALL)

        assert [call.call_id for call in listed] == ["c2"]
        assert again == CALL
        assert len((await store.calls()).calls) == 2


async def test_the_list_knows_nothing_personal(account):
    async with host(account) as store:
        await store.claim(CALL)

        items = account.databases["artvoice"]["calls"].items
        (place,) = [str(item) for (pk, _), item in items.items() if pk == LIST]

    assert CALL.caller not in place
    assert CALL.called not in place


async def test_a_fact_is_found_in_one_read(account):
    async with host(account) as store:
        await store.claim(CALL)
        account.requests.clear()

        await store.find("c1", "call", "offered")

        assert len(account.requests) == 1


async def test_an_append_is_one_query_and_one_batch(account):
    async with host(account) as store:
        await store.claim(CALL)
        await store.append("c1", [said(1)])
        account.requests.clear()

        await store.append("c1", [said(1), said(2), said(3)])

        assert account.requests == ["POST /dbs/artvoice/colls/calls/docs"] * 2


# --- the emulator keeps to the service's rules ----------------------------------------------------


async def test_a_batch_is_done_whole_or_not_at_all(account):
    container = container_of(account)
    first, second = ({"id": each, "pk": "p"} for each in "ab")

    done = await container.batch("p", [creating(first), creating(second), creating(first)])

    assert not done
    assert await container.read("p", "a") is None
    assert await container.batch("p", [creating(first), creating(second)])
    assert not await container.batch("p", [deleting("a"), deleting("nothing")])
    assert await container.read("p", "a") is not None
    await container.aclose()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT VALUE COUNT(1) FROM c",
        "SELECT * FROM c ORDER BY c.unindexed",
        "SELECT * FROM c WHERE c.n LIKE 'x'",
    ],
)
async def test_a_query_outside_the_subset_is_refused(account, query):
    container = container_of(account)

    with pytest.raises(CosmosHttpResponseError, match="BadRequest"):
        await container.rows("p", query, 10)

    await container.aclose()


@pytest.mark.parametrize("document", [{"id": "a/b", "pk": "p"}, {"id": "x" * 1024, "pk": "p"}])
async def test_an_id_that_is_none_is_refused(account, document):
    container = container_of(account)

    with pytest.raises((CosmosHttpResponseError, ValueError)):
        await container.put(document)

    await container.aclose()
