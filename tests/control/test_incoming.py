"""A ring that is delivered late, twice, or while something is broken."""

import asyncio
from dataclasses import replace

import pytest

from adapters import orders
from api import incoming
from core import facts as f
from core.acs_events import IncomingCall
from core.agents import AgentSpec
from core.call_store import NewFact, Relay
from core.carrier import CarrierError, Trouble
from core.control_ports import OrchestrationTrouble
from core.session import LiveCall
from tests.control.fakes import SCENARIO, FakeDurable, PaperDoor, plane_of

RING = IncomingCall(
    correlation_id="c", caller="+15550100", called="+15550199", called_raw_id="4:x", offer="o"
)


@pytest.fixture
async def plane():
    made = plane_of(lambda: 1000.0)
    yield made
    await made.aclose()


async def kinds(call_id, plane):
    return [entry.fact.kind for entry in (await plane.store.log(call_id)).entries]


async def test_a_ring_is_claimed_then_born_then_answered(plane):
    durable = FakeDurable()

    call_id = await incoming.answer(RING, 990.0, plane, durable)

    assert await kinds(call_id, plane) == ["offered", "answered"]
    assert [order["call_id"] for order in durable.born] == [call_id]
    assert durable.pokes == [call_id]
    assert "+1555" not in repr(durable.born)


@pytest.mark.parametrize(
    ("beat", "taken", "asked"),
    [
        (None, "answer silently", 1),
        ({"seen_at": 986.0}, "answer", 0),
        ({"seen_at": 984.0}, "answer silently", 1),
        ({"seen_at": 999.0, "draining": True}, "answer silently", 1),
        ({"seen_at": 999.0, "calls": (LiveCall(call_id="c", epoch=1),)}, "answer", 0),
        ({"seen_at": 996.0, "calls": (LiveCall(call_id="c", epoch=1),)}, "answer silently", 1),
    ],
)
async def test_audio_streams_at_once_only_to_a_relay_that_is_there(plane, beat, taken, asked):
    plane = replace(plane, door=PaperDoor(asleep=9))
    if beat:
        relay = Relay(relay_id="r", url="", load=0.0, draining=False, seen_at=0.0)
        await plane.store.heartbeat(replace(relay, **beat))

    call_id = await incoming.answer(RING, 990.0, plane, FakeDurable())

    answered = (await plane.store.log(call_id)).entries[-1].fact
    assert plane.calls.done == [(taken,)]
    assert answered.streaming == (taken == "answer")
    assert plane.door.asked == asked


async def test_two_deliveries_at_once_are_one_call(plane):
    durable = FakeDurable()

    ids = await asyncio.gather(*(incoming.answer(RING, 990.0, plane, durable) for _ in range(5)))

    assert len(set(ids)) == 1
    assert plane.calls.done == [("answer",)]
    assert len(durable.born) == 1


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.CONFLICT])
async def test_a_call_that_is_no_longer_ours_is_refused_for_good(plane, trouble):
    plane.calls.troubles = [CarrierError(trouble, "8587")]
    durable = FakeDurable()

    call_id = await incoming.answer(RING, 990.0, plane, durable)
    await incoming.answer(RING, 990.0, plane, durable)

    assert await kinds(call_id, plane) == ["offered", "answer_refused"]
    assert plane.calls.done == []


async def test_a_carrier_that_is_away_is_asked_again_at_the_next_delivery(plane):
    plane.calls.troubles = [CarrierError(Trouble.UNAVAILABLE, "503")]
    with pytest.raises(CarrierError):
        await incoming.answer(RING, 990.0, plane, FakeDurable())

    call_id = await incoming.answer(RING, 990.0, plane, FakeDurable())

    assert await kinds(call_id, plane) == ["offered", "answered"]


async def test_an_orchestration_that_cannot_be_born_asks_for_another_delivery(plane):
    class Stillborn(FakeDurable):
        async def start(self, order):
            raise OrchestrationTrouble("away")

    with pytest.raises(OrchestrationTrouble):
        await incoming.answer(RING, 990.0, plane, Stillborn(alive=False))
    durable = FakeDurable(alive=False)
    await incoming.answer(RING, 990.0, plane, durable)

    assert plane.calls.done == [("answer",)]
    assert len(durable.born) == 1


async def test_a_lost_orchestration_is_born_again_when_something_happens(plane):
    durable = FakeDurable()
    call_id = await incoming.answer(RING, 990.0, plane, durable)
    call = await plane.store.call(call_id)
    durable.alive = False

    news = NewFact(source="x", source_id="1", fact=f.Connected(connection_id="leg"))
    await orders.append(call, [news], plane, durable)

    first, again = durable.born
    assert first == again


async def test_a_poke_that_fails_costs_nothing(plane):
    class Deaf(FakeDurable):
        async def poke(self, call_id):
            raise OrchestrationTrouble("away")

    call_id = await incoming.answer(RING, 990.0, plane, Deaf())

    assert await kinds(call_id, plane) == ["offered", "answered"]


async def test_a_delivery_by_newer_code_goes_on_with_the_scenario_the_call_was_claimed_with(plane):
    plane.calls.troubles = [CarrierError(Trouble.UNAVAILABLE, "503")]
    before, after = FakeDurable(), FakeDurable()
    with pytest.raises(CarrierError):
        await incoming.answer(RING, 990.0, plane, before)
    newer = replace(SCENARIO, start_agent="B", agents=(AgentSpec(name="B", prompt="Hi"),))
    deployed = replace(plane, load_scenario=lambda name: newer)

    await incoming.answer(RING, 990.0, deployed, after)

    assert after.born == before.born


async def test_a_call_keeps_the_scenario_it_began_with(plane):
    call_id = await incoming.answer(RING, 990.0, plane, FakeDurable())

    call = await plane.store.call(call_id)

    assert call.scenario == "banking"
    assert await plane.store.snapshot(call.scenario_sha) == plane.snapshot("banking").text


@pytest.mark.parametrize(("allowed", "wish"), [("true", "unknown"), ("false", "banking")])
async def test_a_wish_for_a_scenario_is_only_a_wish(allowed, wish):
    plane = plane_of(lambda: 1000.0, SCENARIO_FROM_HEADER=allowed)
    ring = IncomingCall(
        correlation_id="c", caller="a", called="b", called_raw_id="b", offer="o", scenario=wish
    )

    call_id = await incoming.answer(ring, 1.0, plane, FakeDurable())

    assert (await plane.store.call(call_id)).scenario == "banking"
    assert f.Answered(connection_id="leg") in [
        entry.fact for entry in (await plane.store.log(call_id)).entries
    ]
    await plane.aclose()
