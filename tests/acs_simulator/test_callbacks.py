"""The events of a call: their shape, their order, and every way they can go wrong."""

from __future__ import annotations

import re

import pytest

from localdev.acs_simulator import FAULTS, Call
from tests.acs_simulator.conftest import Bench


async def a_whole_call(bench: Bench, *faults: str, **settings: object) -> Call:
    """Answer with media, let it stream, hang up; everything is over afterwards."""
    simulator = await bench.simulator(**settings)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, faults=faults)
    await call.timeline.wait_for("media_open")
    call.hang_up()
    await call.finished()
    return call


async def test_an_event_looks_as_it_was_recorded(bench: Bench) -> None:
    call = await a_whole_call(bench)

    [delivery] = [d for d in bench.app.callbacks if "CallConnected" in d.body[0]["type"]]
    [event] = delivery.body
    assert delivery.headers["Content-Type"] == "application/json"
    assert event["type"] == "Microsoft.Communication.CallConnected"
    assert event["specversion"] == "1.0"
    assert event["source"] == event["subject"] == f"calling/callConnections/{call.connection_id}"
    assert re.fullmatch(r"[\d-]+T[\d:]+\.\d{7}\+00:00", event["time"])
    assert event["data"] == {
        "operationContext": "oc",
        "resultInformation": {"code": 200, "subCode": 0, "message": ""},
        "version": "2026-03-12",
        "callConnectionId": call.connection_id,
        "serverCallId": call.server_call_id,
        "correlationId": call.correlation_id,
        "publicEventType": "Microsoft.Communication.CallConnected",
    }


async def test_events_come_one_by_one_in_order(bench: Bench) -> None:
    await a_whole_call(bench)

    assert all(len(delivery.body) == 1 for delivery in bench.app.callbacks)
    assert bench.app.event_types() == [
        "CallConnected",
        "ParticipantsUpdated",
        "MediaStreamingStarted",
        "CallDisconnected",
    ]


async def test_a_caller_who_hangs_up_is_told_by_his_code(bench: Bench) -> None:
    await a_whole_call(bench)

    result = bench.app.events("CallDisconnected")[0]["data"]["resultInformation"]
    assert (result["code"], result["subCode"]) == (0, 560000)


async def test_a_caller_who_gives_up_before_the_line_is_up_fails_the_answer(bench: Bench) -> None:
    simulator = await bench.simulator(connect_delay_s=5)
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)

    call.hang_up()
    await call.finished()

    assert bench.app.event_types() == ["AnswerFailed", "CallDisconnected"]


async def test_the_participants_name_the_caller_and_the_app(bench: Bench) -> None:
    await a_whole_call(bench)

    data = bench.app.events("ParticipantsUpdated")[0]["data"]
    kinds = [person["identifier"]["kind"] for person in data["participants"]]
    assert kinds == ["phoneNumber", "communicationUser"]
    assert data["sequenceNumber"] == 1
    assert "operationContext" not in data


async def test_events_can_come_twice_with_the_same_id(bench: Bench) -> None:
    await a_whole_call(bench, "dup_events")

    ids = [event["id"] for event in bench.app.events()]
    assert len(ids) == 8
    assert all(ids.count(event_id) == 2 for event_id in ids)


async def test_events_can_change_places(bench: Bench) -> None:
    await a_whole_call(bench, "reorder_events")

    assert bench.app.event_types() == [
        "ParticipantsUpdated",
        "CallConnected",
        "CallDisconnected",
        "MediaStreamingStarted",
    ]


async def test_the_first_events_can_fail_before_they_reach_the_app(bench: Bench) -> None:
    call = await a_whole_call(bench, "callback_503=2")

    statuses = [entry.facts["status"] for entry in call.timeline.of("event")]
    assert statuses == [503, 503, 200, 200]
    assert bench.app.event_types() == ["MediaStreamingStarted", "CallDisconnected"]


async def test_an_event_that_waits_to_change_places_is_not_lost(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)

    await bench.answered(simulator, client, faults=("reorder_events",))

    await bench.app.event("MediaStreamingStarted")


async def test_events_can_come_late(bench: Bench) -> None:
    call = await a_whole_call(bench, "delay_events=4")

    [sent] = call.timeline.of("event", type="CallConnected")
    [connected] = call.timeline.of("phase", phase="connected")
    assert sent.at_ms - connected.at_ms == pytest.approx(4000, abs=50)


async def test_an_event_can_be_lost(bench: Bench) -> None:
    call = await a_whole_call(bench, "drop_event=CallConnected")

    assert "CallConnected" not in bench.app.event_types()
    assert call.timeline.of("event_dropped", type="CallConnected")


async def test_an_event_can_come_after_the_last(bench: Bench) -> None:
    await a_whole_call(bench, "late_after_disconnect")

    assert bench.app.event_types()[-2:] == ["CallDisconnected", "ParticipantsUpdated"]


async def test_an_event_can_come_before_the_response(bench: Bench) -> None:
    call = await a_whole_call(bench, "event_before_response")

    [event] = call.timeline.of("event", type="CallConnected")
    [answer] = call.timeline.of("rest", operation="answer")
    assert event.n < answer.n


async def test_a_failed_callback_is_not_sent_again(bench: Bench) -> None:
    bench.app.callback_statuses = [503]

    call = await a_whole_call(bench)

    [sent] = call.timeline.of("event", type="CallConnected")
    assert sent.facts["status"] == 503


async def test_a_failed_callback_can_be_sent_again(bench: Bench) -> None:
    bench.app.callback_statuses = [503]

    call = await a_whole_call(bench, callback_retries=1)

    statuses = [e.facts["status"] for e in call.timeline.of("event", type="CallConnected")]
    assert statuses == [503, 200]


async def test_an_operation_s_events_can_go_elsewhere(bench: Bench) -> None:
    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.timeline.wait_for("media_open")

    await client.get_call_connection(call.connection_id).stop_media_streaming(
        operation_callback_url="http://127.0.0.1:1/elsewhere"
    )
    sent = await call.timeline.wait_for("event", type="MediaStreamingStopped")

    assert sent.facts["status"] == 0
    assert "MediaStreamingStopped" not in bench.app.event_types()


@pytest.mark.parametrize(
    ("fault", "code"), [("callee_busy", 486), ("callee_noanswer", 487), ("callee_declined", 603)]
)
async def test_a_callee_can_be_made_to_fail(bench: Bench, fault: str, code: int) -> None:
    from azure.communication.callautomation import PhoneNumberIdentifier

    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, faults=(fault,))
    await call.until("connected")

    await client.get_call_connection(call.connection_id).transfer_call_to_participant(
        PhoneNumberIdentifier("+15550142")
    )
    failed = await bench.app.event("CallTransferFailed")

    assert failed["data"]["resultInformation"]["code"] == code


async def test_a_transfer_can_be_made_to_fail(bench: Bench) -> None:
    from azure.communication.callautomation import PhoneNumberIdentifier

    simulator = await bench.simulator()
    client = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client, faults=("transfer_fail",))
    await call.until("connected")

    await client.get_call_connection(call.connection_id).transfer_call_to_participant(
        PhoneNumberIdentifier("+15550142")
    )
    failed = await bench.app.event("CallTransferFailed")

    assert failed["data"]["resultInformation"]["code"] == 480


# An answer whose response is lost has a test of its own: here the answer must be seen.
@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"drop_after_accept"}))
async def test_a_call_ends_as_a_call_whatever_is_wrong_with_it(bench: Bench, fault: str) -> None:
    simulator = await bench.simulator(functions_base_url=bench.app.url)
    client = await bench.client(simulator, retry_total=3)
    call, _ = await bench.answered(simulator, client, faults=(fault,))
    await call.until("connected")
    await call.clock.reach(8000)

    call.hang_up()
    await call.finished()

    assert call.state.phase == "disconnected"
    assert call.timeline.of("phase", because="CallerLeft")
