"""A call comes while no relay runs: one is woken, or the caller hears the truth."""

from dataclasses import replace

from adapters.relay_door import HttpDoor
from core import facts as f
from tests.control.fakes import PaperDoor
from tests.control.stack import CALLED, CALLER, stack


def sleeping(asked):
    return lambda plane: replace(plane, door=PaperDoor(asleep=asked))


def gone(plane):
    return replace(plane, door=HttpDoor("http://127.0.0.1:1"))


async def record_of(it):
    (call,) = (await it.plane.store.calls()).calls
    await it.over(call.call_id)
    _, record = await it.get(f"api/v1/calls/{call.call_id}")
    return record


async def test_a_relay_that_sleeps_is_woken_and_takes_the_call(tmp_path):
    async with stack(tmp_path, wrap=sleeping(3)) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        played = await call.timeline.wait_for("event", type="PlayCompleted")
        await it.relay.report(session, f.HangUpRequested(by="agent"))
        record = await record_of(it)
        facts = [entry.fact for entry in (await it.plane.store.log(session.call_id)).entries]

    assert played.facts["type"] == "PlayCompleted"
    assert (record["outcome"], record["epoch"]) == ("completed", 1)
    assert facts[1] == f.Answered(connection_id=facts[1].connection_id, streaming=False)
    wakes = [fact.outcome for fact in facts if getattr(fact, "command", "") == "wake"]
    assert wakes == ["failed", "failed", "ok"]


async def test_a_caller_for_whom_no_relay_ever_wakes_hears_an_apology(tmp_path):
    async with stack(tmp_path, wrap=gone, CALL_WAKE_SECONDS="1") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        await call.until("ended")
        record = await record_of(it)
        _, promised = await it.get("api/v1/callbacks")

    played = call.timeline.of("event", type="PlayCompleted")
    assert len(played) == 2
    assert (record["outcome"], record["ended_by"]) == ("failed", "fault")
    assert promised["callbacks"] == []


async def test_he_is_promised_a_call_where_we_may_call(tmp_path):
    allowed = {"OUTBOUND_ENABLED": "true", "OUTBOUND_ALLOWED_PREFIXES": "+1555"}
    async with stack(tmp_path, wrap=gone, CALL_WAKE_SECONDS="1", **allowed) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        await call.until("ended")
        record = await record_of(it)
        _, promised = await it.get("api/v1/callbacks")
        (made,) = promised["callbacks"]
        instance = it.host.engine.status(made["id"])

    assert (made["status"], made["call_id"]) == ("scheduled", record["call_id"])
    assert round(made["promised_at"] - made["asked_at"]) == 15 * 60
    assert instance is not None
    assert record["outcome"] == "failed"
