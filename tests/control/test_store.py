"""What every store of calls promises; another adapter joins by being added to `STORES`.

Cosmos DB is the real SDK against an account emulated on loopback, whose pages are short.
"""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cosmos import CosmosContainer, account_key
from adapters.cosmos_calls import CosmosCalls
from adapters.sqlite_calls import SqliteCalls
from core import facts as f
from core.call_store import NewFact, Relay, StoredCall, UnknownCall
from core.dialling import Caps, Full
from core.session import Directive, LiveCall
from localdev.emulators.cosmos import CosmosEmulator


class Clock:
    """Counts up a second with each look."""

    now = 1000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@asynccontextmanager
async def sqlite_store(tmp_path):
    store = SqliteCalls(tmp_path / "calls.db", clock=Clock())
    yield store
    await store.aclose()


@asynccontextmanager
async def cosmos_store(tmp_path):
    async with CosmosEmulator(page=3) as account:
        container = CosmosContainer(
            account.url, account_key(account.key), database="artvoice", create=True
        )
        store = CosmosCalls(container, retention_days=30, clock=Clock())
        try:
            yield store
        finally:
            await store.aclose()


STORES = [sqlite_store, cosmos_store]


@pytest.fixture(params=STORES)
async def store(request, tmp_path):
    async with request.param(tmp_path) as made:
        yield made


CALL = StoredCall(
    call_id="c1",
    created_at=1.0,
    direction=f.Direction.INBOUND,
    caller="+15550100",
    called="+15550199",
    scenario="banking",
    scenario_sha="sha",
)


def said(n, text="hello"):
    return NewFact(source="c1/1", source_id=str(n), fact=f.CallerSaid(turn=n, text=text))


async def test_a_call_is_claimed_once_and_its_log_begins_with_the_offer(store):
    first = await store.claim(CALL)
    second = await store.claim(replace(CALL, scenario_sha="other"))

    assert first == second == CALL
    (offer,) = (await store.log("c1")).entries
    assert (offer.n, offer.fact) == (1, f.Offered(direction=f.Direction.INBOUND))


async def test_what_bounds_a_call_is_the_first_thing_in_its_log(store):
    await store.claim(CALL, limits={"duration_s": 25.0, "facts": 300})

    (offered,) = (await store.log("c1")).entries
    assert offered.fact.limits == {"duration_s": 25.0, "facts": 300.0}


async def test_many_claims_at_once_make_one_call(store):
    claims = [store.claim(replace(CALL, scenario_sha=str(n))) for n in range(20)]

    claimed = await asyncio.gather(*claims)

    assert len({call.scenario_sha for call in claimed}) == 1


async def test_facts_are_numbered_without_gaps_and_kept_once(store):
    await store.claim(CALL)

    await asyncio.gather(*(store.append("c1", [said(n), said(n + 1)]) for n in range(1, 20)))

    entries = (await store.log("c1")).entries
    assert [entry.n for entry in entries] == list(range(1, 22))
    assert sorted(int(entry.source_id) for entry in entries[1:]) == list(range(1, 21))


async def test_only_new_entries_are_returned(store):
    await store.claim(CALL)
    await store.append("c1", [said(1)])

    again = await store.append("c1", [said(1), said(2)])

    assert [entry.source_id for entry in again] == ["2"]
    assert await store.find("c1", "c1/1", "2") == again[0]
    assert await store.find("c1", "c1/1", "9") is None
    assert await store.last_seq("c1", "c1/1") == 2


async def test_names_at_the_source_may_hold_anything(store):
    strange = replace(CALL, call_id="Grüße/1?#%2F\\ 'x'")
    fact = NewFact(source="a/b?#", source_id="\\%2F'ü\n", fact=f.MediaStarted())
    directive = Directive(id="x/y?#%", call_id=strange.call_id, kind="end")
    await store.claim(strange)

    (entry,) = await store.append(strange.call_id, [fact])
    await store.direct(directive)
    waiting = await store.directives([strange.call_id])
    await store.acknowledge([directive.id])

    assert await store.find(strange.call_id, "a/b?#", "\\%2F'ü\n") == entry
    assert waiting == (directive,)
    assert await store.directives([strange.call_id]) == ()


async def test_every_kind_of_fact_comes_back_as_it_was(store):
    facts = [
        f.TransferFailed(request_id="t1", code=404, sub_code=10),
        f.ToolFinished(turn=1, id="1", name="t", ok=True, data={"a": [1, 2.5, None, {"b": ""}]}),
        f.TurnDone(turn=1, agent="a", caller="c", reply="r", heard="h",
                   tools=(f.ToolRun(name="t", arguments={"x": 1}, ok=False),),
                   latency=f.Latency(stt=1.5)),
        f.Overdue(deadline="attach", due=1234.567891),
    ]  # fmt: skip
    await store.claim(CALL)

    await store.append(
        "c1", [NewFact(source="s", source_id=fact.kind, fact=fact) for fact in facts]
    )

    assert [entry.fact for entry in (await store.log("c1")).entries[1:]] == facts


async def test_an_unknown_call_has_no_log_to_append_to(store):
    with pytest.raises(UnknownCall):
        await store.append("nobody", [said(1)])
    with pytest.raises(UnknownCall):
        await store.bind_leg("nobody", "leg")
    with pytest.raises(UnknownCall):
        await store.open_session("nobody", "relay")

    assert await store.call("nobody") is None


async def test_a_log_is_read_in_pages_and_by_kind(store):
    await store.claim(CALL)
    await store.append("c1", [said(n) for n in range(1, 6)])
    life = NewFact(source="x", source_id="1", fact=f.Disconnected())
    await store.append("c1", [life])

    page = await store.log("c1", after=1, limit=3)
    rest = await store.log("c1", after=page.entries[-1].n, limit=3)
    alive = await store.log("c1", life_only=True)

    assert ([entry.n for entry in page.entries], page.more) == ([2, 3, 4], True)
    assert ([entry.n for entry in rest.entries], rest.more) == ([5, 6, 7], False)
    assert [entry.n for entry in alive.entries] == [1, 7]


async def test_the_first_leg_is_bound_for_good(store):
    await store.claim(CALL)

    bound = [await store.bind_leg("c1", leg) for leg in ("a", "b")]

    assert bound == ["a", "a"]


async def test_a_new_session_makes_the_words_of_the_old_one_late(store):
    await store.claim(CALL)
    first = await store.open_session("c1", "r1")
    second = await store.open_session("c1", "r2")

    late = await store.append("c1", [said(1)], epoch=first)
    fresh = await store.append("c1", [said(2)], epoch=second)

    assert (first, second) == (1, 2)
    assert [entry.late for entry in (*late, *fresh)] == [True, False]
    opened = [e.fact for e in (await store.log("c1")).entries if e.source == "session"]
    assert opened == [
        f.SessionOpened(epoch=1, relay_id="r1"),
        f.SessionOpened(epoch=2, relay_id="r2"),
    ]


async def test_who_has_which_of_many_calls_is_seen_in_one_look(store):
    for n in range(5):
        await store.claim(replace(CALL, call_id=f"c{n}"))
    for call_id in ("c1", "c1", "c2", "c3", "c3", "c4", "c4", "c4"):
        await store.open_session(call_id, "r")
    await store.finish("c3", {}, keep_words=True)

    epochs = await store.epochs(["c0", "c1", "c2", "c3", "c4", "nobody"])

    assert epochs.keys() == {"c0", "c1", "c2", "c4"}
    assert (epochs["c0"], epochs["c1"], epochs["c4"]) == (0, 2, 3)
    assert epochs["c2"] <= 1
    assert await store.epochs([]) == {}


async def test_calls_that_a_relay_joined_and_that_none_is_known_to_have_are_found(store):
    for n in range(6):
        await store.claim(replace(CALL, call_id=f"c{n}"))
    for call_id in ("c1", "c2", "c3", "c3", "c4", "c5"):
        await store.open_session(call_id, "r")
    await store.finish("c5", {}, keep_words=True)
    known = [LiveCall(call_id="c2", epoch=1), LiveCall(call_id="c3", epoch=1)]

    found = await store.joined(since=0.0, beside=known)

    assert {call.at_relay for call in found} == {
        LiveCall(call_id="c1", epoch=1), LiveCall(call_id="c3", epoch=2),
        LiveCall(call_id="c4", epoch=1),
    }  # fmt: skip
    assert await store.joined(since=max(call.seen_at for call in found), beside=()) == ()


async def test_calls_are_listed_newest_first_page_by_page(store):
    for n in range(5):
        await store.claim(replace(CALL, call_id=f"c{n}", created_at=float(n // 2)))
    await store.finish("c3", {"outcome": "completed"}, keep_words=True)

    first = await store.calls(limit=2)
    second = await store.calls(limit=2, continuation=first.continuation)
    third = await store.calls(limit=2, continuation=second.continuation)
    ended = await store.calls(ended=True)
    live = await store.calls(ended=False)

    pages = [call.call_id for page in (first, second, third) for call in page.calls]
    assert pages == ["c4", "c3", "c2", "c1", "c0"]
    assert third.continuation == ""
    assert [call.call_id for call in ended.calls] == ["c3"]
    assert ended.calls[0].record == {"outcome": "completed"}
    assert len(live.calls) == 4
    with pytest.raises(ValueError, match="float"):
        await store.calls(continuation="nonsense")


async def test_words_that_may_not_stay_are_gone_from_the_log(store):
    await store.claim(CALL)
    await store.append("c1", [said(1, "a secret")])

    await store.finish("c1", {}, keep_words=False)

    kept = (await store.log("c1")).entries
    assert [entry.fact for entry in kept][1:] == [f.CallerSaid(turn=1, text="")]


async def test_what_is_live_is_counted_up_to_a_call_and_up_to_enough(store):
    calls = [replace(CALL, call_id=f"c{n}", created_at=100.0 + n) for n in range(5)]
    for call in (*calls, calls[0]):
        await store.claim(call)
    await store.finish("c1", {}, keep_words=True)

    counts = [await store.live_before(call, 9) for call in calls]

    assert counts == [0, 1, 1, 2, 3]
    assert await store.live_before(calls[4], 2) >= 2


async def test_relays_are_known_by_their_last_heartbeat(store):
    calls = (LiveCall(call_id="c1", epoch=1), LiveCall(call_id="c2", epoch=3))
    relay = Relay(relay_id="r1", url="u", load=0.5, draining=True, seen_at=5000.0)

    await store.heartbeat(relay)
    await store.heartbeat(replace(relay, seen_at=9000.0, calls=calls))

    assert await store.relays(seen_after=9000.0) == ()
    assert await store.relays(seen_after=8999.0) == (replace(relay, seen_at=9000.0, calls=calls),)


async def test_a_directive_stays_until_it_is_acknowledged(store):
    directive = Directive(id="c1:9.0", call_id="c1", kind="transfer_failed", ref="t1")

    await store.direct(directive)
    await store.direct(directive)
    for_others = await store.directives(["c2"])
    waiting = await store.directives(["c1", "c2"])
    await store.acknowledge(["c1:9.0", "unknown"])

    assert (for_others, waiting) == ((), (directive,))
    assert await store.directives(["c1"]) == ()


OUTGOING = replace(CALL, direction=f.Direction.OUTBOUND, caller="+15550199", called="+15550100")


def caps(concurrent=99, per_day=99, *, live_since=0.0, day_began=0.0):
    return Caps(concurrent=concurrent, per_day=per_day, live_since=live_since, day_began=day_began)


async def admitted(store, call, some):
    try:
        return await store.claim(call, some)
    except Full as full:
        return "today" if full.today else "live"


async def test_of_many_outgoing_calls_at_once_no_more_are_made_than_may_live(store):
    await store.claim(replace(CALL, call_id="incoming"))
    calls = [replace(OUTGOING, call_id=f"o{n}", created_at=2.0 + n) for n in range(8)]

    made = await asyncio.gather(*(admitted(store, each, caps(3)) for each in calls))
    (first, *_) = [each for each in made if each != "live"]
    again = await admitted(store, first, caps(3))
    await store.finish(first.call_id, {}, keep_words=True)
    later = replace(OUTGOING, call_id="later", created_at=20.0)

    assert made.count("live") == 5
    assert again == first
    assert await admitted(store, later, caps(3)) == later
    assert await store.call(calls[made.index("live")].call_id) is None


async def test_a_call_that_must_be_over_takes_no_room(store):
    await store.claim(OUTGOING, caps(1))
    other = replace(OUTGOING, call_id="other", created_at=500.0)

    assert await admitted(store, other, caps(1)) == "live"
    assert await admitted(store, other, caps(1, live_since=100.0)) == other


async def test_a_day_has_so_many_outgoing_calls_and_the_next_begins_anew(store):
    made = []
    for n in range(3):
        call = replace(OUTGOING, call_id=f"o{n}", created_at=100.0 + n)
        made.append(await admitted(store, call, caps(per_day=2, day_began=50.0)))
        await store.finish(call.call_id, {}, keep_words=True)
    tomorrow = replace(OUTGOING, call_id="t", created_at=1000.0)

    assert made[2] == "today"
    assert await admitted(store, tomorrow, caps(per_day=2, day_began=900.0)) == tomorrow


async def test_calls_are_found_by_the_number_that_is_not_ours(store):
    for n, call in enumerate((CALL, OUTGOING, replace(CALL, caller="+15550111"), CALL)):
        await store.claim(replace(call, call_id=f"c{n}", created_at=float(n)))
    ours = await store.calls_of("+15550199", since=0.0)

    async def found(since=0.0, limit=20):
        calls = await store.calls_of("+15550100", since=since, limit=limit)
        return [call.call_id for call in calls]

    assert (await found(), await found(since=1.0), await found(limit=1), ours) == (
        ["c3", "c1", "c0"], ["c3", "c1"], ["c3"], (),
    )  # fmt: skip
    await store.forget(["c1"])
    assert await found() == ["c3", "c0"]


async def test_a_snapshot_never_changes(store):
    await store.keep_snapshot("sha", "one")
    await store.keep_snapshot("sha", "two")

    assert await store.snapshot("sha") == "one"
    assert await store.snapshot("other") is None


async def test_a_file_is_whole_when_it_is_opened_again(tmp_path):
    async with sqlite_store(tmp_path) as store:
        await store.claim(CALL)
        await store.append("c1", [said(1)])

    async with sqlite_store(tmp_path) as store:
        again = await store.append("c1", [said(1), said(2)])

    assert [entry.n for entry in again] == [3]


@pytest.mark.parametrize("opened", STORES)
@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), max_size=4)))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_a_log_is_the_first_occurrence_of_every_fact_in_order(opened, batches):
    async def appended():
        with TemporaryDirectory() as folder:
            async with opened(Path(folder)) as store:
                await store.claim(CALL)
                for batch in batches:
                    media = f.MediaStarted()
                    facts = [NewFact(source=s, source_id=str(n), fact=media) for s, n in batch]
                    await store.append("c1", facts)
                return (await store.log("c1")).entries

    log = asyncio.run(appended())

    first = list(dict.fromkeys((s, str(n)) for batch in batches for s, n in batch))
    assert [(entry.source, entry.source_id) for entry in log[1:]] == first
    assert [entry.n for entry in log] == list(range(1, len(log) + 1))


async def test_a_forgotten_call_leaves_nothing_and_the_others_stay(store):
    for call_id in ("c1", "c2", "c3"):
        await store.claim(replace(CALL, call_id=call_id))
        await store.append(call_id, [said(1)])
    await store.direct(Directive(id="d", call_id="c1", kind="end"))
    for call_id in ("c1", "c2"):
        await store.finish(call_id, {}, keep_words=True)
    second = (await store.call("c2")).ended_at

    old = await store.expired(ended_before=second)
    await store.forget(old)

    assert old == ("c1",)
    assert [call.call_id for call in (await store.calls()).calls] == ["c3", "c2"]
    assert ((await store.log("c1")).entries, await store.directives(["c1"])) == ((), ())
    assert len((await store.log("c2")).entries) == 2
    assert await store.expired(ended_before=second + 1, limit=0) == ()
