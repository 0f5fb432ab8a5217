"""How a ringing telephone is announced: handshake, delivery, retries, both schemas."""

from __future__ import annotations

import json

import pytest

from localdev.acs_simulator import Call, GridSchema, Simulator
from tests.acs_simulator.conftest import Bench


async def ringing(simulator: Simulator, *faults: str) -> Call:
    return await simulator.ring(
        from_="+15550100",
        to="+15550199",
        display_name="Ada",
        custom_context={"voipHeaders": {"case": "42"}},
        faults=faults,
    )


async def test_the_app_is_validated_and_told_of_the_call(bench: Bench) -> None:
    app = bench.app
    simulator = await bench.simulator(functions_base_url=app.url, function_key="k")

    call = await ringing(simulator)
    await app.until(lambda: app.grid)

    [handshake], [delivery] = app.handshakes, app.grid
    assert handshake.body[0]["eventType"] == "Microsoft.EventGrid.SubscriptionValidationEvent"
    assert delivery.headers["?"] == "functionName=on_incoming_call&code=k"
    assert delivery.headers["aeg-event-type"] == "Notification"
    [event] = delivery.body
    assert event["eventType"] == "Microsoft.Communication.IncomingCall"
    assert event["subject"] == "/caller/4:+15550100/recipient/4:+15550199"
    assert event["data"]["from"]["phoneNumber"]["value"] == "+15550100"
    assert event["data"]["correlationId"] == call.correlation_id
    assert event["data"]["callerDisplayName"] == "Ada"
    assert event["data"]["customContext"] == {"voipHeaders": {"case": "42"}}
    assert 5000 <= len(event["data"]["incomingCallContext"]) <= 8192


@pytest.mark.parametrize("by_setting", [True, False])
async def test_the_cloud_events_schema_has_a_handshake_of_its_own(
    bench: Bench, by_setting: bool
) -> None:
    app = bench.app
    schema = GridSchema.CLOUD_EVENTS if by_setting else GridSchema.EVENT_GRID
    simulator = await bench.simulator(functions_base_url=app.url, grid_schema=schema)

    await ringing(simulator, *(() if by_setting else ("eg_cloudevents",)))
    await app.until(lambda: app.grid)

    [handshake], [delivery] = app.handshakes, app.grid
    assert handshake.body["specversion"] == "1.0"
    assert "validationCode" in json.loads(handshake.body["data"])
    assert delivery.headers["Content-Type"].startswith("application/cloudevents+json")
    assert delivery.body["type"] == "Microsoft.Communication.IncomingCall"
    assert delivery.body["specversion"] == "1.0"


async def test_the_handshake_happens_once(bench: Bench) -> None:
    app = bench.app
    simulator = await bench.simulator(functions_base_url=app.url)

    for _ in range(2):
        await ringing(simulator)
    await app.until(lambda: len(app.grid) == 2)

    assert len(app.handshakes) == 1


async def test_a_failed_delivery_is_tried_again_after_10_and_30_seconds(bench: Bench) -> None:
    app = bench.app
    app.grid_statuses = [500, 503, 200]
    simulator = await bench.simulator(functions_base_url=app.url)

    call = await ringing(simulator)
    await call.finished()

    tries = call.timeline.of("grid_delivery")
    assert [entry.facts["status"] for entry in tries] == [500, 503, 200]
    assert [entry.at_ms for entry in tries] == pytest.approx([0, 10_000, 40_000], abs=50)
    assert len({delivery.body[0]["id"] for delivery in app.grid}) == 1


async def test_a_refusal_that_is_final_is_not_tried_again(bench: Bench) -> None:
    app = bench.app
    app.grid_statuses = [401]
    simulator = await bench.simulator(functions_base_url=app.url)

    call = await ringing(simulator)
    await call.finished()

    assert len(app.grid) == 1


async def test_retries_can_be_hurried(bench: Bench) -> None:
    app = bench.app
    app.grid_statuses = [500, 200]
    simulator = await bench.simulator(functions_base_url=app.url, retry_scale=0.01)

    call = await ringing(simulator)
    await call.timeline.wait_for("grid_delivery", status=200)

    assert call.clock.now_ms() == pytest.approx(100, abs=20)


async def test_an_app_that_is_not_there_is_tried_and_given_up(bench: Bench) -> None:
    simulator = await bench.simulator(functions_base_url="http://127.0.0.1:1")

    call = await ringing(simulator)
    await call.finished()

    assert [entry.facts["status"] for entry in call.timeline.of("grid_delivery")] == [0, 0, 0]


async def test_the_same_event_can_come_twice(bench: Bench) -> None:
    app = bench.app
    simulator = await bench.simulator(functions_base_url=app.url)

    await ringing(simulator, "eg_dup")
    await app.until(lambda: len(app.grid) == 2)

    assert len({delivery.body[0]["id"] for delivery in app.grid}) == 1


async def test_an_event_can_come_after_the_ring(bench: Bench) -> None:
    app = bench.app
    simulator = await bench.simulator(functions_base_url=app.url)

    call = await ringing(simulator, "eg_late")
    await app.until(lambda: app.grid)

    assert call.state.phase == "expired"
    assert call.clock.now_ms() == pytest.approx(31_000, abs=50)
