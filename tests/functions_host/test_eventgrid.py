"""The Event Grid webhook, in both schemas."""

import json
from typing import Any

import pytest

from .conftest import Answer, Bench

HOOK = "/runtime/webhooks/EventGrid"
NOTIFY = {"aeg-event-type": "Notification"}
VALIDATE = {"aeg-event-type": "SubscriptionValidation"}


def an_event(**data: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "topic": "/t",
        "subject": "s",
        "eventType": "Microsoft.Communication.IncomingCall",
        "eventTime": "2026-01-01T00:00:00Z",
        "data": data,
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }


async def post(bench: Bench, function: str, body: Any, headers: dict[str, str]) -> Answer:
    return await bench.call("POST", f"{HOOK}?functionName={function}", json=body, headers=headers)


async def test_every_event_of_a_delivery_is_one_invocation(bench: Bench) -> None:
    answer = await post(bench, "on_call", [an_event(n="1"), an_event(n="2")], NOTIFY)

    assert answer.status == 202
    assert bench.app.SEEN == [("eventgrid", "Microsoft.Communication.IncomingCall")] * 2
    assert bench.engine.status("call-1") is not None
    assert bench.engine.status("call-2") is not None


async def test_one_failing_event_makes_the_delivery_fail(bench: Bench) -> None:
    answer = await post(bench, "on_call", [an_event(n="1"), an_event(fail=True)], NOTIFY)

    assert (answer.status, answer.text) == (500, "")
    assert bench.engine.status("call-1") is not None


async def test_a_cloud_event_is_one_object(bench: Bench) -> None:
    event = {"specversion": "1.0", "id": "9", "source": "/s", "type": "T", "data": {}}

    answer = await post(bench, "on_cloud_event", event, NOTIFY)

    assert answer.status == 202
    assert bench.app.SEEN == [("cloudevents", "T")]


@pytest.mark.parametrize(
    "body",
    [
        [{"id": "1", "data": {"validationCode": "abc"}}],
        {"specversion": "1.0", "data": json.dumps({"validationCode": "abc"})},
    ],
)
async def test_the_handshake_is_the_hosts_own(bench: Bench, body: Any) -> None:
    answer = await post(bench, "on_call", body, VALIDATE)

    assert answer.status == 200
    assert answer.json == {"validationResponse": "abc"}
    assert bench.app.SEEN == []


@pytest.mark.parametrize(
    ("function", "headers", "body", "status"),
    [
        ("on_call", {"aeg-event-type": "Unsubscribe"}, None, 202),
        ("on_call", {}, [an_event(n="1")], 400),
        ("on_call", {"aeg-event-type": "Other"}, [an_event(n="1")], 400),
        ("on_call", NOTIFY, ["text"], 400),
        ("on_call", VALIDATE, [{"data": {}}], 400),
        ("on_call", VALIDATE, {"data": "no json"}, 400),
        ("ON_CALL", NOTIFY, [an_event(n="1")], 202),
        ("hello", NOTIFY, [an_event(n="1")], 404),
        ("none", NOTIFY, [an_event(n="1")], 404),
    ],
)
async def test_what_else_may_come(
    bench: Bench, function: str, headers: dict[str, str], body: Any, status: int
) -> None:
    answer = await post(bench, function, body, headers)

    assert answer.status == status


async def test_the_path_does_not_mind_case_and_garbage_is_refused(bench: Bench) -> None:
    ok = await bench.call(
        "POST",
        "/runtime/webhooks/eventgrid?functionname=on_call",
        json=[an_event(n="1")],
        headers=NOTIFY,
    )
    garbage = await bench.call("POST", f"{HOOK}?functionName=on_call", data="{", headers=NOTIFY)
    options = await bench.call("OPTIONS", f"{HOOK}?functionName=on_call")

    assert (ok.status, garbage.status, options.status) == (202, 400, 400)
