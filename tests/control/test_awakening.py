"""A host that starts again goes on with the calls that were live when the last one died."""

from dataclasses import replace

import pytest

from adapters.sqlite_calls import SqliteCalls
from api import awakening, incoming
from core.acs_events import IncomingCall
from core.call_store import StoredCall
from core.callbacks import Callback
from core.control_ports import OrchestrationTrouble
from core.facts import Direction
from tests.control.fakes import FakeDurable, plane_of


def ring(name: str) -> IncomingCall:
    return IncomingCall(
        correlation_id=name, caller="+15550100", called="+15550199", called_raw_id="4:x", offer="o"
    )


@pytest.fixture
async def plane():
    made = plane_of(lambda: 1000.0)
    yield made
    await made.aclose()


def stored(call_id: str) -> StoredCall:
    return StoredCall(
        call_id=call_id,
        created_at=1.0,
        direction=Direction.INBOUND,
        caller="+15550100",
        called="+15550199",
        scenario="banking",
        scenario_sha="nowhere",
    )


class Dying(FakeDurable):
    """A host that dies between the claim of a call and the birth of its orchestration."""

    async def start(self, order):
        raise OrchestrationTrouble("gone")


async def claimed_by_a_dying_host(name, plane):
    with pytest.raises(OrchestrationTrouble):
        await incoming.answer(ring(name), 990.0, plane, Dying())
    return incoming.call_id_of(ring(name))


async def test_a_call_whose_orchestration_was_never_born_is_given_one(plane):
    call_id = await claimed_by_a_dying_host("a", plane)
    durable = FakeDurable(alive=False)

    await awakening.once(plane, durable)

    assert call_id in [order["call_id"] for order in durable.born]


async def test_live_calls_are_woken_once_per_process(plane):
    durable = FakeDurable()
    call_id = await incoming.answer(ring("a"), 990.0, plane, durable)
    durable.pokes.clear()

    await awakening.once(plane, durable)
    await awakening.once(plane, durable)

    assert durable.pokes == [call_id]


async def test_a_promised_call_whose_orchestration_was_never_born_is_made_and_none_before_its_time(
    plane,
):
    for name, next_at in (("overdue", 990.0), ("tomorrow", 87_400.0)):
        promise = Callback(
            id=name, call_id="c", request_id=name, number="+15550100", scenario="banking",
            agent="A", topic="", asked_at=1.0, at=next_at, next_at=next_at,
        )  # fmt: skip
        await plane.callbacks.keep(promise)
    durable = FakeDurable(alive=False)

    await awakening.once(plane, durable)

    assert durable.begun == [("callback", "overdue")]


class AwayAtFirst(SqliteCalls):
    """A store that does not answer at once."""

    away = True

    async def calls(self, **which):
        if self.away:
            self.away = False
            raise ConnectionError
        return await super().calls(**which)


async def test_a_host_that_could_not_wake_them_all_tries_again_with_its_next_request(plane):
    plane = replace(plane, store=AwayAtFirst(":memory:", clock=plane.clock))
    durable = FakeDurable()
    call_id = await incoming.answer(ring("a"), 990.0, plane, durable)
    durable.pokes.clear()

    with pytest.raises(ConnectionError):
        await awakening.once(plane, durable)
    await awakening.once(plane, durable)
    await plane.store.aclose()

    assert durable.pokes == [call_id]


async def test_a_call_that_has_ended_is_left_in_peace(plane):
    durable = FakeDurable()
    call_id = await incoming.answer(ring("a"), 990.0, plane, durable)
    await plane.store.finish(call_id, {"turns": []}, keep_words=True)
    durable.pokes.clear()

    await awakening.once(plane, durable)

    assert durable.pokes == []


async def test_a_call_whose_scenario_is_gone_keeps_no_other_from_being_woken(plane):
    lost = stored("lost")
    await plane.store.claim(lost)
    call_id = await claimed_by_a_dying_host("a", plane)
    durable = FakeDurable(alive=False)

    await awakening.once(plane, durable)

    assert [order["call_id"] for order in durable.born] == [call_id]
