"""A relay that falls silent is missed, and its calls are told; a monitor lives while calls live."""

import asyncio

import pytest

from activities.monitor import watch
from core import facts as f
from core import session as s
from core.call_store import NewFact, Relay, StoredCall
from tests.control.fakes import FakeDurable, plane_of
from tests.virtual_time import VIRTUAL

LIVE = s.LiveCall(call_id="c1", epoch=1)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def now():
    return asyncio.get_running_loop().time()


@pytest.fixture
async def plane():
    made = plane_of(asyncio.get_running_loop().time)
    call = StoredCall(
        call_id="c1", created_at=0.0, direction=f.Direction.INBOUND, caller="", called="",
        scenario="banking", scenario_sha="x",
    )  # fmt: skip
    await made.store.claim(call)
    await made.store.open_session("c1", "r1")
    yield made
    await made.aclose()


def relay(*calls):
    return Relay(relay_id="r1", url="", load=0.1, draining=False, seen_at=now(), calls=calls)


async def lost(plane):
    facts = [entry.fact for entry in (await plane.store.log("c1")).entries]
    return [fact.epoch for fact in facts if isinstance(fact, f.RelayLost)]


async def beating(plane, seconds):
    until = now() + seconds
    while now() < until:
        await plane.store.heartbeat(relay(LIVE))
        await asyncio.sleep(0.5)


async def test_a_relay_that_beats_is_left_alone(plane):
    beats = asyncio.create_task(beating(plane, 12))
    await asyncio.sleep(0)

    watched = await watch({}, plane, FakeDurable())
    await beats

    assert (watched["live"], await lost(plane)) == (True, [])


async def test_a_relay_that_falls_silent_is_missed_within_two_seconds_and_told_once(plane):
    await beating(plane, 3)
    durable, died = FakeDurable(), now()

    first = await watch({}, plane, durable, turn_s=1.0)
    again = await watch(first, plane, durable, turn_s=4.0)

    assert await lost(plane) == [1]
    assert durable.pokes == ["c1"]
    found = [e.at for e in (await plane.store.log("c1")).entries if isinstance(e.fact, f.RelayLost)]
    assert found[0] - died < 2.0
    assert again["live"]


async def test_a_monitor_that_was_away_itself_listens_before_it_judges(plane):
    await beating(plane, 3)
    watched = await watch({}, plane, FakeDurable(), turn_s=0.5)
    await asyncio.sleep(60)  # the host was down, so nobody heard the beats
    beats = asyncio.create_task(beating(plane, 6))

    await watch(watched, plane, FakeDurable(), turn_s=5.0)
    await beats

    assert await lost(plane) == []


async def test_calls_that_moved_on_are_not_told(plane):
    await beating(plane, 3)
    await plane.store.open_session("c1", "r2")

    await watch({}, plane, FakeDurable(), turn_s=1.4)

    assert await lost(plane) == []


async def test_a_call_whose_relay_died_before_it_told_of_it_is_missed_as_soon(plane):
    await plane.store.heartbeat(relay())
    joined = now()

    watched = await watch({}, plane, FakeDurable(), turn_s=4.0)

    assert (watched["live"], await lost(plane)) == (True, [1])
    found = [e.at for e in (await plane.store.log("c1")).entries if isinstance(e.fact, f.RelayLost)]
    assert found[0] - joined < 2.6


async def test_a_call_whose_next_relay_dies_as_early_is_missed_as_soon_again(plane):
    watching = asyncio.create_task(watch({}, plane, FakeDurable(), turn_s=9.0))
    await asyncio.sleep(4)
    await plane.store.open_session("c1", "r2")
    await watching

    assert await lost(plane) == [1, 2]


async def test_a_call_that_its_relay_has_let_go_of_is_not_told(plane):
    left = NewFact(source="c1/1", source_id="1", fact=f.MediaDetached(epoch=1))
    await plane.store.append("c1", [left], epoch=1)

    await watch({}, plane, FakeDurable(), turn_s=4.0)

    assert await lost(plane) == []


async def test_a_monitor_ends_with_the_last_call(plane):
    await plane.store.heartbeat(relay(LIVE))
    await plane.store.finish("c1", {}, keep_words=True)
    await plane.store.heartbeat(relay())

    assert not (await watch({}, plane, FakeDurable()))["live"]


async def test_a_dead_relay_is_forgotten(plane):
    await beating(plane, 3)
    watched = {"live": True}
    turns = 0

    while watched["live"]:
        watched = await watch(watched, plane, FakeDurable())
        turns += 1

    assert turns <= 3
