"""Whole calls, from the ring to the record, through every door they really use."""

import json
import sqlite3
from contextlib import suppress
from dataclasses import replace

from adapters.folder_blobs import FolderBlobs
from core import facts as f
from core import session as s
from core.call_store import StoredCall
from core.control_ports import BlobRefused
from localdev.acs_simulator import Behaviour, Manner
from tests.control.fakes import FakeCarrier
from tests.control.stack import ACCESS_KEY, CALLED, CALLER, DESK, RELAY_KEY, SIGNING_KEY, stack

SAID = "my secret word is marmalade"


def turn(n, caller, reply, **more):
    return f.TurnDone(
        turn=n, agent="BankingConcierge", caller=caller, reply=reply, heard=reply, **more
    )


async def talk(it, call, *facts):
    """Let a call come up and be talked in; return its session."""
    session = await it.relay.session()
    await call.until("connected")
    if facts:
        await it.relay.report(session, *facts)
    return session


async def test_a_call_is_answered_talked_in_and_kept(tmp_path, caplog):
    caplog.set_level("INFO")
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        said = f.CallerSaid(turn=1, text=SAID)
        session = await talk(it, call, said, turn(1, SAID, "Thank you."))
        call.hang_up()
        await it.over(session.call_id)
        status, record = await it.get(f"api/v1/calls/{session.call_id}")
        _, listed = await it.get("api/v1/calls?status=ended")

        assert status == 200
        assert (record["outcome"], record["ended_by"]) == ("completed", "caller")
        assert [turn["caller"] for turn in record["turns"]] == [SAID]
        assert record["caller"] == "*******00"
        assert [call["call_id"] for call in listed["calls"]] == [session.call_id]
        transcript = await it.plane.blobs.get(f"transcripts/{session.call_id}.md")
        assert SAID in transcript.decode()
        links = it.plane.links(session.call_id)
        in_paths = (links.callback_url.rpartition("/")[2], links.media_url.rpartition("/")[2])
        planted = (SAID, CALLER, CALLED, DESK, SIGNING_KEY, RELAY_KEY, ACCESS_KEY, session.token)
        live = written(tmp_path, "hub.db*")
        assert session.call_id in live
        assert [secret for secret in (*planted, *in_paths) if secret in live] == []
        logged = caplog_text(caplog)
        assert [secret for secret in (*planted, *in_paths) if secret in logged] == []
    engine = written(tmp_path, "hub.db*")
    assert [secret for secret in (*planted, *in_paths) if secret in engine] == []


def written(folder, pattern):
    """Return every byte of these files, as they are on the disk: deleted rows and `-wal` too."""
    found = []
    for path in folder.rglob(pattern):
        # What a database keeps beside itself goes when its last reader does.
        with suppress(FileNotFoundError, IsADirectoryError):
            found.append(path.read_bytes().decode("latin-1"))
    assert found
    return "".join(found)


def caplog_text(caplog):
    """Return all that was logged, except what says that it is personal."""
    return "\n".join(
        repr({name: value for name, value in vars(record).items() if not name.startswith("pii.")})
        + (record.exc_text or "")
        for record in caplog.records
    )


async def test_words_that_may_not_stay_go_at_the_end_of_the_call(tmp_path):
    async with stack(tmp_path, KEEP_TRANSCRIPT="false") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        said = f.CallerSaid(turn=1, text=SAID)
        session = await talk(it, call, said)
        call.hang_up()
        await it.over(session.call_id)
        await it.relay.report(session, turn(1, SAID, SAID))
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert [turn["n"] for turn in record["turns"]] == [1]
        assert await it.plane.blobs.get(f"transcripts/{session.call_id}.md") is None
        assert "marmalade" not in written(tmp_path / "store", "*")


async def test_calls_that_stayed_long_enough_go_when_the_next_one_ends(tmp_path):
    async with stack(tmp_path, RETENTION_DAYS="7") as it:
        old = await kept(it, "old", ended_days_ago=8)
        young = await kept(it, "young", ended_days_ago=6)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        call.hang_up()
        await it.over(session.call_id)
        statuses = [(await it.get(f"api/v1/calls/{each}"))[0] for each in (old, young)]
        files = [await it.plane.blobs.get(f"transcripts/{each}.md") for each in (old, young)]

        assert statuses == [404, 200]
        assert files == [None, SAID.encode()]
        assert (await it.plane.store.log(old)).entries == ()


async def test_a_file_that_may_not_be_deleted_keeps_no_other_call_from_ending(tmp_path):
    held = HeldBlobs(tmp_path / "held")
    async with stack(
        tmp_path, wrap=lambda plane: replace(plane, blobs=held), RETENTION_DAYS="7"
    ) as it:
        old = await kept(it, "old", ended_days_ago=8)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        call.hang_up()
        await it.over(session.call_id)
        status, _ = await it.get(f"api/v1/calls/{old}")

        assert status == 404
        assert await held.get("transcripts/old.md") == SAID.encode()


class HeldBlobs(FolderBlobs):
    """Files that a policy of their account keeps."""

    async def delete(self, name):
        raise BlobRefused("ImmutablePolicy")


async def kept(it, call_id, *, ended_days_ago):
    """Have a call in the store that ended then."""
    at = it.plane.clock() - ended_days_ago * 86_400
    record = await it.plane.store.claim(
        StoredCall(
            call_id=call_id, created_at=at, direction=f.Direction.INBOUND, caller=CALLER,
            called=CALLED, scenario="banking", scenario_sha="sha",
        )
    )  # fmt: skip
    await it.plane.store.finish(record.call_id, {}, keep_words=True)
    with sqlite3.connect(it.plane.settings.store_path + "/calls.db") as db:
        db.execute("update calls set ended_at = ? where call_id = ?", (at, call_id))
    db.close()
    await it.plane.blobs.put(f"transcripts/{call_id}.md", SAID.encode(), "text/markdown")
    return call_id


async def test_doubled_and_disordered_events_make_one_call(tmp_path):
    async with stack(tmp_path) as it:
        faults = ["eg_dup", "dup_events", "reorder_events", "late_after_disconnect"]
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        session = await talk(it, call)
        call.hang_up()
        await call.finished()
        await it.over(session.call_id)
        _, listed = await it.get("api/v1/calls")
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert len(listed["calls"]) == 1
        assert record["outcome"] == "completed"
        kinds = [moment["kind"] for moment in record["timeline"]]
        assert [kinds.count(each) for each in ("answered", "connected", "disconnected")] == [1] * 3


async def test_an_answer_whose_response_was_lost_is_found_again(tmp_path):
    async with stack(tmp_path, simulator={"retry_scale": 0.001}) as it:
        faults = ["drop_after_accept", "event_before_response"]
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        session = await talk(it, call)
        call.hang_up()
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert record["outcome"] == "completed"
        assert len(it.relay.sessions) == 1


async def test_either_schema_rings_and_a_doubled_ring_is_answered_once(tmp_path):
    carrier = FakeCarrier()
    number = {"kind": "phoneNumber", "rawId": f"4:{CALLED}", "phoneNumber": {"value": CALLED}}
    caller = {"kind": "phoneNumber", "rawId": f"4:{CALLER}", "phoneNumber": {"value": CALLER}}
    ring = {"to": number, "from": caller, "correlationId": "c", "incomingCallContext": "offer"}
    name, at = "Microsoft.Communication.IncomingCall", "2026-11-22T12:00:00.1234567Z"
    cloud = {"id": "1", "source": "s", "specversion": "1.0", "type": name, "time": at, "data": ring}
    grid = {
        "id": "2", "topic": "t", "subject": "s", "eventType": name, "eventTime": at,
        "dataVersion": "1.0", "data": ring,
    }  # fmt: skip
    other = {**grid, "eventType": "Microsoft.Communication.SMSReceived", "data": {}}
    loop = {**grid, "data": {**ring, "from": number, "correlationId": "d"}}
    garbage = {**grid, "data": {"to": 7}}

    async with stack(tmp_path, wrap=lambda plane: replace(plane, calls=carrier)) as it:
        door = "runtime/webhooks/EventGrid?functionName=on_incoming_call"
        told = {"headers": {"aeg-event-type": "Notification"}}
        first = await it.post(door, json=cloud, **told)
        second = await it.post(door, json=[grid, grid, other, loop, garbage], **told)
        calls = (await it.plane.store.calls()).calls

    assert (first[0], second[0]) == (202, 202)
    assert (len(calls), carrier.done) == (1, [("answer",)])


async def test_an_end_that_nobody_told_is_found(tmp_path):
    async with stack(tmp_path) as it:
        faults = ["drop_event=CallDisconnected"]
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=faults)
        session = await talk(it, call)
        call.hang_up()
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert (record["outcome"], record["reconciled"]) == ("completed", True)


async def test_a_call_is_ended_by_request_once(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        path = f"api/v1/calls/{session.call_id}"
        first = await it.post(f"{path}/hangup", json={"reason": "test"})
        await it.over(session.call_id)
        second = await it.post(f"{path}/terminate")
        unknown = await it.post("api/v1/calls/terminate", json={"call_id": "nobody"})
        _, record = await it.get(path)
        closing = await it.relay.beat(s.LiveCall(call_id=session.call_id, epoch=1))

        assert [first[0], second[0], unknown[0]] == [202, 409, 404]
        assert record["ended_by"] == "api"
        assert [each.kind for each in closing.directives] == ["end"]


async def test_the_record_says_so_of_a_call_that_the_settings_ended(tmp_path):
    async with stack(tmp_path, CALL_MAX_SECONDS="0.5") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.finished()
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")
        summary = json.loads(it.host.engine.status(session.call_id).output)

    assert (record["outcome"], record["ended_by"]) == ("completed", "limit")
    assert (summary["outcome"], summary["ended_by"]) == ("completed", "limit")


async def test_a_caller_whom_somebody_takes_is_transferred(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        wish = f.TransferRequested(request_id="t1", target="call_center", summary=SAID)
        session = await talk(it, call, wish)
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert (record["outcome"], record["ended_by"]) == ("transferred", "transfer")
    assert SAID not in written(tmp_path, "hub.db*")


async def test_a_caller_whom_nobody_takes_comes_back_to_his_relay(tmp_path):
    async with stack(tmp_path) as it:
        it.simulator.numbers[DESK] = Behaviour(manner=Manner.BUSY)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        wish = f.TransferRequested(request_id="t1", target="call_center")
        session = await talk(it, call, wish)
        live = s.LiveCall(call_id=session.call_id, epoch=1)
        await call.timeline.wait_for("event", type="CallTransferFailed")
        await it.settled()
        directives = (await it.relay.beat(live)).directives
        acknowledged = tuple(each.id for each in directives)
        after = await it.relay.beat(live, acknowledged=acknowledged)

        assert [(each.kind, each.ref) for each in directives] == [("transfer_failed", "t1")]
        assert after.directives == ()


async def test_a_relay_that_loses_the_audio_is_dialled_again_and_goes_on(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        first = await talk(it, call, f.CallerSaid(turn=1, text="hello"))
        await it.relay.sockets[first.call_id].close()
        second = await it.relay.session(2)
        late = await it.relay.report(first, f.HangUpRequested(by="agent"))
        call.hang_up()
        await it.over(first.call_id)
        _, record = await it.get(f"api/v1/calls/{first.call_id}")

        assert (second.call_id, second.epoch) == (first.call_id, 2)
        assert f.CallerSaid(turn=1, text="hello") in [entry.fact for entry in second.log]
        assert late.superseded
        assert (record["ended_by"], record["epoch"]) == ("caller", 2)


async def test_a_caller_no_relay_can_serve_hears_an_apology(tmp_path):
    async with stack(tmp_path, CALL_SPEECHLESS_SECONDS="2") as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED, faults=["ws_refuse=9"])
        await call.until("ended")
        (listed,) = (await it.plane.store.calls()).calls
        await it.over(listed.call_id)
        _, record = await it.get(f"api/v1/calls/{listed.call_id}")

        assert (record["outcome"], record["ended_by"]) == ("failed", "fault")
        assert any(call.heard_pcm())


async def test_we_call_somebody_and_talk(tmp_path):
    async with stack(tmp_path, OUTBOUND_ENABLED="true", OUTBOUND_ALLOWED_PREFIXES="+1555") as it:
        abroad = await it.post("api/v1/calls/initiate", json={"target_number": "+4420794600"})
        status, told = await it.post("api/v1/calls/initiate", json={"target_number": DESK})
        session = await it.relay.session()
        await it.relay.report(session, f.HangUpRequested(by="agent", reason="done"))
        await it.over(session.call_id)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert abroad[0] == 403
        assert (status, told["call_id"]) == (202, session.call_id)
        assert (record["direction"], record["ended_by"]) == ("outbound", "agent")


async def test_a_ready_app_says_so_and_one_without_a_carrier_says_why(tmp_path):
    async with stack(tmp_path) as it:
        ready = await it.probed([])
    async with stack(tmp_path, ACS_ACCESS_KEY="d3Jvbmc=") as it:
        unready = await it.probed(["carrier"], "api/v1/readiness")

    assert (ready[0], unready[0]) == (200, 503)


async def test_what_the_app_can_do_is_listed(tmp_path):
    async with stack(tmp_path) as it:
        answers = [await it.get(f"api/v1/{name}") for name in ("agents", "tools", "scenarios")]
        one = await it.get("api/v1/scenarios/banking")
        none = await it.get("api/v1/scenarios/nothing")

    assert [status for status, _ in (*answers, one, none)] == [200, 200, 200, 200, 404]
    assert one[1]["agents"][0] in [agent["name"] for agent in answers[0][1]["agents"]]
    assert "banking" in [scenario["name"] for scenario in answers[2][1]["scenarios"]]
