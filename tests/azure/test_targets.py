"""What every store of targets keeps to; Cosmos DB is the real SDK against an emulated account."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.cosmos import CosmosContainer, account_key
from adapters.cosmos_promises import CosmosPromises
from adapters.cosmos_targets import CosmosTargets
from adapters.sqlite_promises import SqlitePromises
from adapters.sqlite_targets import SqliteTargets
from core.attempts import Attempt
from core.campaigns import CAMPAIGN, Campaign, Target
from core.hours import Hours
from localdev.emulators.cosmos import CosmosEmulator

TARGET = Target(
    campaign_id="c/1?",
    n=0,
    number="+15550100",
    topic="your card",
    context={"name": "Zoë", "fee": 12.5, "new": True, "days": 3},
    next_at=1000.25,
    attempts=[Attempt(call_id="call", at=1.5, outcome="busy")],
)
CAMPAIGN_OF_IT = Campaign(
    id="c/1?", name="reminders", scenario="banking", asked_at=1.0, size=1, concurrency=2,
    pace_s=1.5, attempts=3, hours=Hours(opens=9, closes=17), live=(0, 4),
)  # fmt: skip


@asynccontextmanager
async def sqlite(tmp_path):
    campaigns = SqlitePromises(tmp_path / "promises.db", "campaigns", CAMPAIGN)
    targets = SqliteTargets(tmp_path / "promises.db")
    yield campaigns, targets
    await campaigns.aclose()
    await targets.aclose()


@asynccontextmanager
async def cosmos(tmp_path):
    async with CosmosEmulator(page=7) as account:
        key = account_key(account.key)
        container = CosmosContainer(account.url, key, database="artvoice", create=True)
        campaigns = CosmosPromises(container, "campaigns", CAMPAIGN, retention_days=30)
        targets = CosmosTargets(container, retention_days=30)
        try:
            yield campaigns, targets
        finally:
            await targets.aclose()


@pytest.fixture(params=[sqlite, cosmos])
async def stores(request, tmp_path):
    async with request.param(tmp_path) as made:
        yield made


@pytest.fixture
def targets(stores):
    return stores[1]


def some(count, **more):
    return [replace(TARGET, n=n, **more) for n in range(count)]


async def test_targets_are_kept_once_however_far_an_earlier_attempt_came(targets):
    await targets.keep(some(60))
    await targets.change(replace(TARGET, n=3, status="calling"))
    await targets.keep(some(120))

    assert await targets.get("c/1?", 0) == TARGET
    assert (await targets.get("c/1?", 3)).status == "calling"
    assert await targets.get("c/1?", 120) is None
    assert await targets.get("other", 0) is None
    assert await targets.counts("c/1?") == {"waiting": 119, "calling": 1}


async def test_of_many_who_change_a_target_at_once_one_is_heard(targets):
    await targets.keep([TARGET])
    changes = [replace(TARGET, status="calling", topic=str(n)) for n in range(5)]

    changed = await asyncio.gather(*(targets.change(each) for each in changes))

    assert sorted(changed) == [False] * 4 + [True]
    kept = await targets.get("c/1?", 0)
    assert kept == replace(changes[changed.index(True)], version=1)
    assert not await targets.change(replace(TARGET, n=9))


async def test_the_first_is_the_one_that_waits_and_is_due_first(targets):
    due = [30.0, 10.5, 10.5, 20.0]
    await targets.keep([replace(TARGET, n=n, next_at=at) for n, at in enumerate(due)])
    order = []
    while (first := await targets.first("c/1?")) is not None:
        order.append(first.n)
        await targets.change(replace(first, status="reached"))

    assert order == [1, 2, 3, 0]
    assert await targets.first("other") is None


async def test_targets_are_listed_in_their_order_page_by_page_and_by_status(targets):
    await targets.keep(some(5))
    for n in (1, 3):
        await targets.change(replace(TARGET, n=n, status="busy"))

    async def listed(**query):
        return [each.n for each in await targets.page("c/1?", **query)]

    assert await listed(limit=2) == [0, 1]
    assert await listed(limit=9, after=1) == [2, 3, 4]
    assert await listed(status="busy") == [1, 3]
    assert await listed(status="busy", after=1) == [3]
    assert await targets.page("other") == ()


async def test_the_targets_of_forgotten_campaigns_go(targets):
    await targets.keep(some(130))
    await targets.keep(some(1, campaign_id="other"))

    await targets.forget([])
    await targets.forget(["c/1?", "unknown"])

    assert await targets.counts("c/1?") == {}
    assert await targets.counts("other") == {"waiting": 1}


async def test_a_campaign_comes_back_as_it_was_and_goes_by_its_id(stores):
    campaigns, _ = stores
    await campaigns.keep(CAMPAIGN_OF_IT)
    found = await campaigns.get("c/1?")
    await campaigns.change(replace(found, status="paused"))
    paused = await campaigns.page(status="paused")
    await campaigns.forget(["c/1?"])

    assert found == CAMPAIGN_OF_IT
    assert [each.id for each in paused.promises] == ["c/1?"]
    assert await campaigns.get("c/1?") is None
