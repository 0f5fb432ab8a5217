"""The carrier's port on the real SDK, against the simulator."""

from contextlib import asynccontextmanager

import pytest

from adapters.acs import AcsCalls, identity_client, key_client
from core.carrier import CarrierError, Invitee, Links, Once, Trouble
from core.facts import LegState
from localdev.acs_simulator import Behaviour, Manner, Simulator, SimulatorSettings
from localdev.acs_simulator.state import Phase
from tests.control.stack import ACCESS_KEY, CALLED, CALLER, DESK, RESOURCE, PaperRelay, relay_server

ONCE = Once(key="call:answer", at=1_700_000_000.0)


class Line:
    """A simulator whose incoming calls nobody is told of: a test answers them itself."""

    def __init__(self, simulator, calls, links):
        self.simulator = simulator
        self.calls = calls
        self.links = links

    async def offer(self, **more):
        call = await self.simulator.ring(from_=CALLER, to=CALLED, **more)
        return call, call.incoming_context

    async def answered(self, **more):
        call, offer = await self.offer(**more)
        leg = await self.calls.answer(offer, self.links, ONCE, streaming=True)
        await call.until("connected")
        return call, leg


@asynccontextmanager
async def line(key=ACCESS_KEY):
    settings = SimulatorSettings(
        access_key=ACCESS_KEY, control_token="c", resource_id=RESOURCE, connect_delay_s=0.0
    )
    async with Simulator(settings) as simulator, relay_server(PaperRelay()) as relay:
        calls = AcsCalls(key_client(simulator.url + "/", key), source_number=CALLED)
        links = Links(
            callback_url=f"{relay.url}/api/v1/calls/callbacks/c/s",
            media_url=f"ws{relay.url.removeprefix('http')}/api/v1/media/stream/c/s",
        )
        try:
            yield Line(simulator, calls, links)
        finally:
            await calls.aclose()


class Closing:
    """Something that is closed once, and has a leg that answers nothing."""

    def __init__(self):
        self.closed = 0

    def get_call_connection(self, connection_id):
        return self

    async def hang_up(self, **_):
        pass

    async def close(self):
        self.closed += 1


async def test_an_identity_is_closed_with_the_client_that_it_was_for():
    client, credential = Closing(), Closing()

    async def connect():
        return client, credential

    calls = AcsCalls(connect)
    await calls.hang_up("leg", ONCE)
    await calls.aclose()
    await calls.aclose()

    assert (client.closed, credential.closed) == (1, 1)


async def test_who_connects_with_an_identity_gets_it_to_close():
    client, credential = await identity_client("https://name.communication.azure.com")()

    await client.close()
    await credential.close()


async def test_a_call_is_answered_once_however_often_we_ask():
    async with line() as it:
        call, offer = await it.offer()

        legs = [await it.calls.answer(offer, it.links, ONCE, streaming=True) for _ in range(2)]

        assert legs == [call.connection_id] * 2


async def test_an_offer_that_somebody_else_took_is_a_conflict_or_gone():
    async with line() as it:
        _, offer = await it.offer()
        await it.calls.answer(offer, it.links, ONCE, streaming=True)

        with pytest.raises(CarrierError) as refused:
            await it.calls.answer(offer, it.links, Once(key="another", at=ONCE.at), streaming=True)

        assert refused.value.trouble in {Trouble.GONE, Trouble.CONFLICT}


async def test_a_leg_is_seen_to_live_and_to_be_gone():
    async with line() as it:
        _, leg = await it.answered()
        alive = await it.calls.leg(leg)
        await it.calls.hang_up(leg, Once(key="h", at=1.0))

        gone = await it.calls.leg(leg)

        assert (alive, gone) == (LegState.CONNECTED, LegState.GONE)
        with pytest.raises(CarrierError) as refused:
            await it.calls.hang_up(leg, Once(key="again", at=1.0))
        assert refused.value.trouble is Trouble.GONE


async def test_media_is_started_whether_it_runs_or_not():
    async with line() as it:
        call, leg = await it.answered()

        await it.calls.start_media(leg)
        await it.calls.start_media(leg)

        rest = [each.facts["operation"] for each in call.timeline.entries if each.kind == "rest"]
        assert [name for name in rest if name.startswith("start")] == ["startMediaStreaming"] * 2


async def test_a_caller_is_transferred_to_a_number():
    async with line() as it:
        it.simulator.numbers[DESK] = Behaviour(manner=Manner.BUSY, delay_s=0.0)
        call, leg = await it.answered()

        await it.calls.transfer(leg, Invitee(address=DESK), "t1", Once(key="t", at=1.0))

        await call.timeline.wait_for("event", type="CallTransferFailed")


async def test_a_person_is_rung_into_the_call_while_the_caller_is_held():
    async with line() as it:
        it.simulator.numbers[DESK] = Behaviour(delay_s=0.0)
        call, leg = await it.answered()
        desk = Invitee(address=DESK, headers={"User-To-User": "a card"})
        once = Once(key="t:invite", at=1.0)

        await it.calls.hold(leg, CALLER, f"{it.links.callback_url}/hold.wav")
        for _ in range(2):
            await it.calls.invite(leg, desk, ring_s=30, context="t1", once=once)
        await call.timeline.wait_for("guest_joined")
        people = await it.calls.people(leg)
        await it.calls.unhold(leg, CALLER)
        await it.calls.leave(leg)

        assert {CALLER, DESK} < people
        assert len(people) == 3
        assert [e.facts["headers"] for e in call.timeline.entries if e.kind == "invited"] == [
            {"User-To-User": "a card"}
        ]
        assert await it.calls.leg(leg) is LegState.GONE


@pytest.mark.parametrize("answers_after_s", [0.0, 60.0])
async def test_an_invitation_is_withdrawn_whether_it_rings_or_was_taken(answers_after_s):
    async with line() as it:
        it.simulator.numbers[DESK] = Behaviour(delay_s=answers_after_s)
        call, leg = await it.answered()
        once = Once(key="t:invite", at=1.0)
        invitation = await it.calls.invite(
            leg, Invitee(address=DESK), ring_s=30, context="t1", once=once
        )
        if not answers_after_s:
            await call.timeline.wait_for("guest_joined")

        for _ in range(2):
            await it.calls.withdraw(leg, invitation, DESK, Once(key="t:withdraw", at=1.0))

        assert DESK not in await it.calls.people(leg)
        assert call.company.guests == []


async def test_a_user_of_the_carrier_is_told_in_headers_of_any_name():
    async with line() as it:
        user = f"8:acs:{RESOURCE}_kim"
        it.simulator.numbers[user] = Behaviour(manner=Manner.BUSY, delay_s=0.0)
        call, leg = await it.answered()

        to = Invitee(address=user, headers={"case": "42"})
        await it.calls.transfer(leg, to, "t1", Once(key="t", at=1.0))

        await call.timeline.wait_for("event", type="CallTransferFailed")
        (asked,) = [e.facts for e in call.timeline.entries if e.kind == "transfer_asked"]
        assert asked["headers"] == {"case": "42"}


async def test_we_ring_a_number():
    async with line() as it:
        leg = await it.calls.create(DESK, it.links, Once(key="c", at=1.0), streaming=True)

        assert await it.calls.leg(leg) in {LegState.CONNECTING, LegState.CONNECTED}


async def test_the_carrier_is_checked_without_doing_anything():
    async with line() as it:
        await it.calls.check()

        assert it.simulator.calls == {}


async def test_a_wrong_key_is_our_fault_and_a_silent_carrier_is_not():
    async with line(key="d3Jvbmc=") as it:
        with pytest.raises(CarrierError) as refused:
            await it.calls.check()

    async with line() as it:
        await it.simulator.stop()
        with pytest.raises(CarrierError) as away:
            await it.calls.check()

    assert refused.value.trouble is Trouble.REFUSED
    assert away.value.trouble is Trouble.UNAVAILABLE


async def test_a_call_that_rings_is_refused_or_sent_elsewhere_once():
    async with line() as it:
        refused, offer = await it.offer()
        for _ in range(2):
            await it.calls.reject(offer, ONCE)
        sent, other = await it.offer()
        for _ in range(2):
            await it.calls.redirect(other, DESK, Once(key="r", at=1.0))

        assert (refused.state.phase, sent.state.phase) == (Phase.REJECTED, Phase.REDIRECTED)
