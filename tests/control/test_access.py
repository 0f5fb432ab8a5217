"""Every door of the app has a decision, and nobody passes without what it asks for."""

import aiohttp
import pytest

from api.access_levels import Access
from api.routes import ROUTES
from tests.control.stack import RELAY_KEY, stack

KEY = "function-key-of-the-tests"
REFUSED = {401, 403, 404}
TRIGGERS_WITHOUT_A_DOOR = {"orchestrationTrigger", "activityTrigger", "eventGridTrigger"}


async def every_function(it):
    async with (
        aiohttp.ClientSession(headers={"x-functions-key": KEY}) as http,
        http.get(f"{it.host.url}/admin/functions") as answer,
    ):
        return await answer.json()


def trigger(function):
    bindings = function.get("bindings") or function["config"]["bindings"]
    return next(each for each in bindings if each["type"].lower().endswith("trigger"))


async def test_every_door_has_a_decision_and_asks_for_what_it_decided(tmp_path):
    async with stack(tmp_path, function_key=KEY) as it:
        functions = await every_function(it)
        decided = {route.name: route for route in ROUTES}
        undecided = []
        wrong_level = []
        open_doors = []
        for function in functions:
            door = trigger(function)
            if door["type"] in TRIGGERS_WITHOUT_A_DOOR:
                continue
            route = decided.get(function["name"])
            if route is None or route.path != door["route"]:
                undecided.append(function["name"])
                continue
            level = "function" if route.access is Access.FUNCTION_KEY else "anonymous"
            if str(door["authLevel"]).lower() != level:
                wrong_level.append(route.name)
            path = route.path.replace("{", "").replace("}", "")
            status, _ = await it._ask(route.method, path, data=b"{}")
            if route.access is not Access.PUBLIC and status not in REFUSED:
                open_doors.append((route.name, status))
        nothing = (await it.plane.store.calls()).calls, it.simulator.calls
        ring = await it.post("runtime/webhooks/EventGrid?functionName=on_incoming_call", json=[])

    assert (undecided, wrong_level, open_doors) == ([], [], [])
    assert len(functions) == len(ROUTES) + 18
    assert [len(each) for each in nothing] == [0, 0]
    assert ring[0] == 401


async def test_a_callback_needs_token_secret_and_leg(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_="+15550100", to="+15550199")
        session = await it.relay.session()
        await call.until("connected")
        own = it.plane.links(session.call_id).callback_url.removeprefix(it.host.url + "/")
        strange = own.replace(session.call_id, "another-call")
        token = {"authorization": f"Bearer {it.simulator.tokens.callback_token()}"}
        body = [event(session.leg.connection_id)]

        answers = [
            (await it.post(own, json=body))[0],
            (await it.post(own, json=body, headers={"authorization": f"Bearer {RELAY_KEY}"}))[0],
            (await it.post(strange, json=body, headers=token))[0],
            (await it.post(own, json=[event("another-leg")], headers=token))[0],
            (await it.post(own, data=b"not json", headers=token))[0],
            (await it.post(own, data=b"[" * 100_000, headers=token))[0],
            (await it.post(own, data=b" " * 256 * 1025, headers=token))[0],
            (await it.post(own, json=body * 101, headers=token))[0],
            (await it.post(own, json=body, headers=token))[0],
        ]
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

    assert answers == [401, 401, 403, 403, 400, 400, 413, 400, 200]
    assert record["unknown_events"] == 1


def event(leg):
    return {
        "id": "e1",
        "type": "Microsoft.Communication.SomethingNew",
        "data": {"callConnectionId": leg},
    }


@pytest.mark.parametrize("fault", ["callback_token_expired", "wrong_aud"])
async def test_callbacks_with_bad_tokens_change_nothing(tmp_path, fault):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_="+15550100", to="+15550199", faults=[fault])
        noted = await call.timeline.wait_for("event", type="CallConnected")

        assert noted.facts["status"] == 401


async def test_a_relay_needs_its_key_and_the_token_of_its_session(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_="+15550100", to="+15550199")
        session = await it.relay.session()
        await call.until("connected")
        path = f"api/v1/calls/{session.call_id}/events"
        fact = {"kind": "hang_up_requested", "by": "agent"}
        body = {"epoch": 1, "events": [{"seq": 1, "at": 0, "fact": fact}]}
        key = {"authorization": f"Bearer {RELAY_KEY}"}
        token = {"x-session-token": session.token}
        forged = {"kind": "disconnected"}

        answers = [
            (await it.post(path, json=body, headers=token))[0],
            (await it.post(path, json=body, headers=key))[0],
            (await it.post(path, json=body | {"epoch": 2}, headers=key | token))[0],
            (await it.post(path, json=body | {"events": [{"seq": 1, "at": 0, "fact": forged}]},
                           headers=key | token))[0],
            (await it.post(path, json={"epoch": 1}, headers=key | token))[0],
            (await it.post(path, json=body | {"events": body["events"] * 201},
                           headers=key | token))[0],
            (await it.post(path, json=body, headers=key | token))[0],
            (await it.post(path, json=body, headers=key | token))[1]["seq"],
        ]  # fmt: skip

    assert answers == [401, 401, 401, 400, 400, 413, 200, 1]
