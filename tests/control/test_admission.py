"""There is room for so many calls: one more is turned away, and counting survives everything."""

import asyncio
from dataclasses import replace

import pytest

from adapters.archive import archive
from api import incoming
from core import facts as f
from core.acs_events import IncomingCall
from core.call_store import NewFact, Relay
from core.carrier import CarrierError, Trouble
from core.session import LiveCall
from localdev.acs_simulator.state import Phase
from tests.control.fakes import FakeDurable, PaperDoor, plane_of
from tests.control.stack import CALLED, CALLER, DESK, stack

FULL = {"ADMISSION_MAX_CALLS": "2"}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        self.now += 0.001
        return self.now


@pytest.fixture
async def plane():
    made = plane_of(Clock(), **FULL)
    yield made
    await made.aclose()


def ring(name):
    return IncomingCall(
        correlation_id=name, caller="+15550100", called="+15550199", called_raw_id="4:x", offer="o"
    )


async def rung(plane, name, durable=None):
    return await incoming.answer(ring(name), 990.0, plane, durable or FakeDurable())


async def over(plane, call_id):
    fact = NewFact(source="carrier", source_id="end", fact=f.Disconnected())
    await plane.store.append(call_id, [fact])
    await archive(call_id, plane)


async def test_one_call_too_many_is_refused_busy_and_kept(plane):
    durable = FakeDurable()
    for name in ("a", "b"):
        await rung(plane, name)

    third = await rung(plane, "c", durable)

    call = await plane.store.call(third)
    assert plane.calls.done[-1] == ("reject",)
    assert (call.record["outcome"], call.record["ended_by"]) == ("refused", "limit")
    assert (durable.born, durable.pokes) == ([], [])


async def test_there_is_room_again_when_a_call_is_over(plane):
    first, _, _ = [await rung(plane, name) for name in ("a", "b", "c")]
    await over(plane, first)

    await rung(plane, "d")

    assert plane.calls.done == [("answer",), ("answer",), ("reject",), ("answer",)]


async def test_of_many_that_ring_at_once_as_many_get_in_as_there_is_room_for(plane):
    await asyncio.gather(*(rung(plane, str(n)) for n in range(6)))

    assert sorted(plane.calls.done) == [("answer",)] * 2 + [("reject",)] * 4


async def test_a_redelivery_neither_counts_twice_nor_changes_its_mind(plane):
    first, _, third = [await rung(plane, name) for name in ("a", "b", "c")]
    done = list(plane.calls.done)
    await over(plane, first)

    for name in ("a", "b", "c"):
        await rung(plane, name)

    assert plane.calls.done == done
    assert [e.fact.kind for e in (await plane.store.log(third)).entries] == [
        "offered",
        "turned_away",
    ]
    await rung(plane, "d")
    await rung(plane, "e")
    assert plane.calls.done[-2:] == [("answer",), ("reject",)]


async def test_a_refusal_that_broke_off_is_finished_by_the_next_delivery(plane):
    for name in ("a", "b"):
        await rung(plane, name)
    plane.calls.troubles = [CarrierError(Trouble.UNAVAILABLE, "503")]
    with pytest.raises(CarrierError):
        await rung(plane, "c")

    third = await rung(plane, "c")

    assert (await plane.store.call(third)).record["outcome"] == "refused"


async def test_a_caller_may_go_to_another_number_instead():
    there = {"ADMISSION_BEYOND": "redirect", "ADMISSION_REDIRECT_TO": DESK}
    plane = plane_of(Clock(), ADMISSION_MAX_CALLS="1", **there)
    await rung(plane, "a")

    second = await rung(plane, "b")

    assert plane.calls.done[-1] == ("redirect", DESK)
    assert (await plane.store.call(second)).record["outcome"] == "refused"
    await plane.aclose()


@pytest.mark.parametrize(("free", "taken"), [(True, "answer"), (False, "reject")])
async def test_a_call_is_refused_when_every_relay_is_full_and_none_is_free_behind_them(free, taken):
    plane = replace(plane_of(lambda: 1000.0), door=PaperDoor(asleep=0 if free else 9))
    live = (LiveCall(call_id="c", epoch=1),)
    full = Relay(relay_id="r", url="", load=1.0, draining=False, seen_at=999.5, calls=live)
    await plane.store.heartbeat(full)

    await rung(plane, "a")

    assert plane.calls.done == [(taken,)]
    await plane.aclose()


async def test_a_caller_without_room_hears_why_and_is_hung_up(tmp_path):
    told = {"ADMISSION_MAX_CALLS": "1", "ADMISSION_BEYOND": "message"}
    async with stack(tmp_path, **told) as it:
        first = await it.simulator.ring(from_=CALLER, to=CALLED)
        await it.relay.session()
        second = await it.simulator.ring(from_=CALLER, to=CALLED)
        played = await second.timeline.wait_for("event", type="PlayCompleted")
        await second.until("ended")
        calls = (await it.plane.store.calls()).calls
        await it.over(calls[0].call_id)
        _, record = await it.get(f"api/v1/calls/{calls[0].call_id}")
        talking = first.state.phase

    assert played.at_ms > 5_000
    assert (record["outcome"], record["ended_by"], record["epoch"]) == ("refused", "limit", 0)
    assert talking is Phase.CONNECTED


async def test_a_caller_without_room_hears_that_the_line_is_busy(tmp_path):
    async with stack(tmp_path, ADMISSION_MAX_CALLS="1") as it:
        await it.simulator.ring(from_=CALLER, to=CALLED)
        await it.relay.session()
        second = await it.simulator.ring(from_=CALLER, to=CALLED)
        await second.finished()
        calls = (await it.plane.store.calls(ended=True)).calls

    assert second.state.phase is Phase.REJECTED
    assert [call.record["outcome"] for call in calls] == ["refused"]
