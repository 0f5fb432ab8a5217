"""A relay dies without a word, and the carrier says nothing either: its calls go on elsewhere."""

from dataclasses import replace

from api import relays
from api.http import Request
from core import facts as f
from core import session as s
from tests.control.fakes import FakeDurable, plane_of
from tests.control.mortal import Mortal
from tests.control.stack import CALLED, CALLER, stack
from tests.control.test_store import CALL


async def test_a_silent_relay_loses_its_call_to_another_without_any_event(tmp_path):
    faults = ["drop_event=MediaStreamingFailed"]
    async with stack(tmp_path, RELAY_SILENT_SECONDS="1") as it:
        it.relay.reports_loss = False
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        first = await it.relay.session()
        await call.until("connected")
        await it.relay.beat(s.LiveCall(call_id=first.call_id, epoch=1))
        await it.relay.sockets[first.call_id].close()
        second = await it.relay.session(2)
        it.relay.relay_id = "relay-2"
        await it.relay.beat(s.LiveCall(call_id=first.call_id, epoch=2))
        call.hang_up()
        await it.over(first.call_id)
        await it.relay.beat()
        await it.plane.store.heartbeat(
            replace((await it.plane.store.relays(seen_after=0))[0], relay_id="relay-1", calls=())
        )
        await it.host.engine.wait("monitor")
        facts = [entry.fact for entry in (await it.plane.store.log(first.call_id)).entries]

    assert second.epoch == 2
    assert f.RelayLost(epoch=1) in facts


async def test_a_relay_that_drains_hands_its_call_to_another_at_once(tmp_path):
    faults = ["drop_event=MediaStreamingFailed"]
    # A loss that nobody announced would be noticed long after this test has given up.
    async with stack(tmp_path, RELAY_SILENT_SECONDS="60") as it:
        it.relay.reports_loss = False
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        first = await it.relay.session()
        await call.until("connected")
        await it.relay.report(first, f.CallerSaid(turn=1, text="hello"))
        away = f.MediaDetached(epoch=1, reason="draining", handed_on=True)
        await it.relay.report(first, away)
        await it.relay.sockets[first.call_id].close()
        second = await it.relay.session(2)

    assert second.epoch == 2
    assert f.CallerSaid(turn=1, text="hello") in [entry.fact for entry in second.log]


async def test_a_relay_hears_which_of_its_calls_another_has_in_the_same_few_looks():
    points = [0]
    plane = plane_of(lambda: 1000.0)
    plane = replace(plane, store=Mortal(plane.store, points))
    await plane.store.claim(CALL)
    await plane.store.open_session(CALL.call_id, "r1")
    await plane.store.open_session(CALL.call_id, "r2")

    async def beat(*calls):
        points[0] = 0
        body = s.HEARTBEAT.dump_json(s.Heartbeat(url="", calls=calls))
        request = Request(params={"relay_id": "r"}, body=body)
        answer = await relays.heartbeat(request, plane, FakeDurable())
        ended = [each.call_id for each in s.DIRECTIVES.validate_json(answer.body).directives]
        return ended, -points[0]

    mine, old = (s.LiveCall(call_id=CALL.call_id, epoch=epoch) for epoch in (2, 1))
    gone = [s.LiveCall(call_id=f"gone-{n}", epoch=1) for n in range(100)]
    told = [await beat(*calls) for calls in ([mine], [old], [mine, *gone])]
    await plane.aclose()

    assert [ended for ended, _ in told] == [
        [], [CALL.call_id], [each.call_id for each in gone],
    ]  # fmt: skip
    assert len({looks for _, looks in told}) == 1
