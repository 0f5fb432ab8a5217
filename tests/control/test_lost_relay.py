"""A relay dies without a word, and the carrier says nothing either: its calls go on elsewhere."""

from dataclasses import replace

from core import facts as f
from core import session as s
from tests.control.stack import CALLED, CALLER, stack


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
