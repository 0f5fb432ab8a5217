"""What the carrier's events are to us."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import facts as f
from core.acs_events import Garbled, parse_callbacks, parse_incoming_call

RESULT = {"code": 400, "subCode": 8581, "message": "m"}


def event(name, **data):
    return {
        "id": "e1",
        "type": f"Microsoft.Communication.{name}",
        "data": {"callConnectionId": "leg", "resultInformation": RESULT, **data},
    }


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        (event("CallConnected"), f.Connected(connection_id="leg")),
        (event("CallDisconnected"), f.Disconnected(code=400, sub_code=8581)),
        (event("AnswerFailed"), f.ConnectFailed(code=400, sub_code=8581)),
        (event("CreateCallFailed", resultInformation=None), f.ConnectFailed()),
        (event("ParticipantsUpdated", participants=[{}, {}]), f.ParticipantsChanged(count=2)),
        (event("MediaStreamingStarted"), f.MediaStarted()),
        (event("MediaStreamingStopped"), f.MediaStopped()),
        (event("MediaStreamingFailed"), f.MediaFailed(code=400, sub_code=8581)),
        (event("CallTransferAccepted", operationContext="t"), f.TransferAccepted(request_id="t")),
        (
            event("CallTransferFailed", operationContext="t"),
            f.TransferFailed(request_id="t", code=400, sub_code=8581),
        ),
        (
            event("PlayCompleted", operationContext="apology"),
            f.PromptPlayed(ok=True, context="apology"),
        ),
        (event("PlayFailed"), f.PromptPlayed(ok=False)),
        (
            event("RecognizeCompleted", operationContext="menu", dtmfResult={"tones": ["one"]}),
            f.Recognised(ok=True, context="menu"),
        ),
        (event("RecognizeFailed"), f.Recognised(ok=False)),
        (
            event("ContinuousDtmfRecognitionToneReceived", sequenceId=2, tone="seven"),
            f.ToneHeard(sequence=2),
        ),
        (event("PlayStarted"), f.OtherEvent(type="PlayStarted", known=True)),
        (event("DialogStarted"), f.OtherEvent(type="DialogStarted")),
        (event("New<script>\n"), f.OtherEvent(type="Newscript")),
    ],
)
def test_every_event_is_a_fact(given, fact):
    (parsed,) = parse_callbacks(json.dumps([given]).encode())

    assert (parsed.id, parsed.connection_id, parsed.fact) == ("e1", "leg", fact)


def test_an_event_that_nobody_knows_may_be_of_no_leg_and_one_that_is_known_may_not():
    def of_no_leg(name):
        return json.dumps({"id": "e1", "type": f"Microsoft.Communication.{name}", "data": {}})

    (unknown,) = parse_callbacks(of_no_leg("CallSummarized").encode())

    assert (unknown.connection_id, unknown.fact) == ("", f.OtherEvent(type="CallSummarized"))
    for name in ("CallDisconnected", "PlayStarted"):
        with pytest.raises(Garbled):
            parse_callbacks(of_no_leg(name).encode())


def test_an_array_may_hold_several_events_and_one_may_come_alone():
    one, two = event("CallConnected"), {**event("CallDisconnected"), "id": "e2"}

    both = parse_callbacks(json.dumps([one, two]).encode())
    alone = parse_callbacks(json.dumps(one).encode())

    assert [each.id for each in (*both, *alone)] == ["e1", "e2", "e1"]


@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "type", "data", "callConnectionId", "resultInformation"]), inner,
    ),
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
@settings(max_examples=300, deadline=None, derandomize=True)
def test_garbage_is_refused_and_never_breaks_anything(body):
    with suppress(Garbled):
        events = parse_callbacks(body)

        assert all(
            each.id and (each.connection_id or isinstance(each.fact, f.OtherEvent))
            for each in events
        )


def number(value):
    return {"kind": "phoneNumber", "rawId": f"4:{value}", "phoneNumber": {"value": value}}


RING = {
    "from": number("+15550100"),
    "to": number("+15550199"),
    "correlationId": "c",
    "incomingCallContext": "bearer-capability",
}


def test_a_ring_tells_who_calls_whom_and_shows_nothing_that_answers_it():
    ring = parse_incoming_call(RING)

    assert (ring.caller, ring.called, ring.called_raw_id) == (
        "+15550100",
        "+15550199",
        "4:+15550199",
    )
    assert "bearer" not in repr(ring)


def test_a_user_without_a_number_is_known_by_his_id():
    ring = parse_incoming_call({**RING, "from": {"rawId": "8:acs:1", "kind": "communicationUser"}})

    assert ring.caller == "8:acs:1"


@pytest.mark.parametrize("headers", ["sipHeaders", "voipHeaders"])
def test_a_ring_may_wish_for_a_scenario(headers):
    context = {headers: {"X-MS-Custom-Scenario": "banking"}, "other": None}

    ring = parse_incoming_call({**RING, "customContext": context})

    assert ring.scenario == "banking"


@pytest.mark.parametrize("missing", ["to", "correlationId", "incomingCallContext"])
def test_a_ring_without_its_parts_is_garbled(missing):
    with pytest.raises(Garbled):
        parse_incoming_call({key: value for key, value in RING.items() if key != missing})
