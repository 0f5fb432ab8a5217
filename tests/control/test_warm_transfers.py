"""A warm transfer through the whole control plane, with the real SDK against the simulator."""

import json

import pytest

from api.directives import waiting
from core import facts as f
from localdev.acs_simulator import Behaviour, Manner
from tests.control.stack import CALLED, CALLER, DESK, stack
from tests.control.test_calls import talk, written

ABOUT = "a lost credit card"
WARM = json.dumps(
    {"call_center": {"to": DESK, "kind": "warm", "headers": {"X-MS-Custom-About": "{summary}"}}}
)
WISH = f.TransferRequested(request_id="t1", target="call_center", summary=ABOUT)


async def consulted(it, call):
    """Let the caller be held and the person come; return session and directive."""
    session = await talk(it, call, WISH)
    await call.timeline.wait_for("event", type="AddParticipantSucceeded")
    (told,) = await directives(it, session)
    return session, told


async def directives(it, session):
    """Return what waits for the relay once all has come to rest."""
    await it.settled()
    return await waiting([session.call_id], it.plane)


def happened(call, *kinds):
    return [entry.kind for entry in call.timeline.entries if entry.kind in kinds]


async def test_the_person_hears_what_it_is_about_and_takes_the_caller(tmp_path):
    async with stack(tmp_path, TRANSFER_TARGETS=WARM) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session, told = await consulted(it, call)
        await it.relay.report(session, f.ConsultAnswered(request_id=told.ref, taken=True))
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert (told.kind, told.ref) == ("consult", "t1")
        assert f"It is about: {ABOUT}." in told.text
        steps = ("held", "guest_rings", "guest_joined", "unheld")
        assert list(dict.fromkeys(happened(call, *steps))) == list(steps)
        (invited,) = [e.facts for e in call.timeline.entries if e.kind == "invited"]
        assert invited["headers"] == {"X-MS-Custom-About": ABOUT}
        assert (record["outcome"], record["ended_by"]) == ("transferred", "transfer")
    history = written(tmp_path, "hub.db*")
    assert [secret for secret in (ABOUT, DESK, CALLER) if secret in history] == []


async def test_a_person_who_declines_gives_the_caller_back(tmp_path):
    async with stack(tmp_path, TRANSFER_TARGETS=WARM) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session, told = await consulted(it, call)
        await it.relay.report(session, f.ConsultAnswered(request_id=told.ref, taken=False))
        await it.host.engine.wait(f"{session.call_id}:transfer:t1")
        back = [d for d in await directives(it, session) if d.id != told.id]

        assert happened(call, "guest_left", "unheld")[:2] == ["guest_left", "unheld"]
        assert [(each.kind, each.text) for each in back] == [("transfer_failed", "declined")]
        assert not call.over


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Behaviour(manner=Manner.BUSY), "busy"),
        (Behaviour(manner=Manner.DECLINE), "declined"),
        (Behaviour(hangs_up=True, listens_s=0.1), "declined"),
    ],
)
async def test_a_person_who_does_not_take_him_leaves_nobody_on_hold(tmp_path, behaviour, why):
    async with stack(tmp_path, TRANSFER_TARGETS=WARM) as it:
        it.simulator.numbers[DESK] = behaviour
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call, WISH)
        await it.host.engine.wait(f"{session.call_id}:transfer:t1")
        told = [d for d in await directives(it, session) if d.kind == "transfer_failed"]

        assert happened(call, "held", "unheld")[:2] == ["held", "unheld"]
        assert [each.text for each in told] == [why]


async def test_a_caller_who_hangs_up_on_hold_is_not_waited_for(tmp_path):
    async with stack(tmp_path, TRANSFER_TARGETS=WARM) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session, _ = await consulted(it, call)
        call.hang_up()
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert call.over
        assert (record["outcome"], record["ended_by"]) == ("completed", "caller")


async def test_a_hang_up_by_people_ends_a_consultation(tmp_path):
    async with stack(tmp_path, TRANSFER_TARGETS=WARM) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session, _ = await consulted(it, call)
        await it.post(f"api/v1/calls/{session.call_id}/hangup")
        await it.over(session.call_id)

        assert call.over
