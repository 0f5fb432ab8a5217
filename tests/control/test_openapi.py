"""The OpenAPI document tells of every door, and the doors do what it tells."""

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager

import aiohttp
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from api import answers
from api.access_levels import Access
from api.openapi import document
from api.operations import OPERATIONS
from api.routes import ROUTES
from core import facts as f
from core.attempts import Attempt
from core.callbacks import Callback
from core.campaigns import Campaign, Target
from core.hours import Hours
from core.promises import Approval
from tests.control.stack import APP, CALLED, CALLER, stack

KEY = "function-key-of-the-tests"
SCHEMES = {
    Access.PUBLIC: set(),
    Access.FUNCTION_KEY: {"function_key", "function_key_in_query"},
    Access.RELAY_KEY: {"relay_key"},
    Access.ACS_TOKEN: {"acs_token"},
}
PEOPLES = [route for route in ROUTES if route.access in (Access.FUNCTION_KEY, Access.PUBLIC)]


def told():
    """Return every operation of the document with its method and path."""
    return {
        (method.upper(), path.removeprefix("/")): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_has_every_door_and_no_other():
    doors = {(route.method, route.path): route.name for route in ROUTES}

    assert {door: operation["operationId"] for door, operation in told().items()} == doors
    assert set(OPERATIONS) == set(doors.values())


def test_who_may_use_a_door_is_its_security_scheme():
    asked = {
        door: {name for scheme in operation["security"] for name in scheme}
        for door, operation in told().items()
    }

    assert asked == {(route.method, route.path): SCHEMES[route.access] for route in ROUTES}


def test_the_document_is_valid_openapi_3_1():
    schemathesis.openapi.from_dict(document()).validate()

    assert document()["openapi"] == "3.1.0"


def test_the_app_starts_without_making_the_document():
    check = "import sys, function_app; print({'api.openapi', 'api.answers'} & set(sys.modules))"

    said = subprocess.run([sys.executable, "-c", check], cwd=APP, capture_output=True, check=True)

    assert said.stdout.strip() == b"set()"


@asynccontextmanager
async def peopled(tmp_path):
    """Start the app with a call, an approval and a promised call in each state that matters."""
    async with stack(
        tmp_path,
        function_key=KEY,
        OUTBOUND_ENABLED="true",
        OUTBOUND_ALLOWED_PREFIXES="+1555",
    ) as it:
        over = await a_call_that_is_over(it)
        await it.plane.approvals.keep(an_approval(over))
        await it.plane.callbacks.keep(a_callback(over))
        await it.plane.targets.keep([a_target()])
        await it.plane.campaigns.keep(a_campaign())
        yield it, over


async def a_call_that_is_over(it):
    call = await it.simulator.ring(from_=CALLER, to=CALLED)
    session = await it.relay.session()
    run = f.ToolRun(name="t", arguments={"a": 1}, ok=True)
    made = f.HandoffMade(from_agent="A", to_agent="B", reason="r")
    done = f.TurnDone(
        turn=1, agent="A", caller="hi", reply="yes", heard="yes", tools=(run,), handoffs=(made,)
    )
    await it.relay.report(session, f.CallerSaid(turn=1, text="hi"), done)
    await it.relay.report(session, f.ToolStarted(turn=2, id="i", name="t", arguments={"a": "b"}))
    await it.relay.report(session, f.HandedOff(from_agent="A", to_agent="B", turn=2))
    call.hang_up()
    await call.finished()
    await it.over(session.call_id)
    return session.call_id


def an_approval(call_id):
    return Approval(
        id=f"{call_id}:approval:r", call_id=call_id, request_id="r", tool="t", agent="A",
        subject="a refund", details={"cents": 1}, asked_at=1.0, remind_at=2.0, due_at=9e9,
    )  # fmt: skip


def a_callback(call_id):
    return Callback(
        id=f"{call_id}:callback:r", call_id=call_id, request_id="r", number=CALLER,
        scenario="banking", agent="A", topic="cards", asked_at=1.0, at=9e9, next_at=9e9,
        attempts=(Attempt(call_id="another", at=2.0, outcome="busy"),),
    )  # fmt: skip


def a_campaign():
    return Campaign(
        id="a-campaign", name="reminders", scenario="banking", asked_at=1.0, size=1, concurrency=1,
        pace_s=1.0, attempts=3, hours=Hours(opens=9, closes=10),
    )  # fmt: skip


def a_target():
    return Target(
        campaign_id="a-campaign", n=0, number=CALLER, topic="cards", next_at=9e9,
        attempts=(Attempt(call_id="another", at=2.0, outcome="busy"),),
    )  # fmt: skip


async def test_a_call_that_is_over_is_shown_with_what_the_document_tells_and_nothing_else(tmp_path):
    async with peopled(tmp_path) as (it, over), aiohttp.ClientSession() as http:
        key = {"x-functions-key": KEY}
        async with http.get(f"{it.host.url}/api/v1/calls/{over}", headers=key) as answer:
            call = await answer.json()

    (turn, unfinished) = call["turns"]
    assert set(call) == set(answers.CallShown.__annotations__)
    assert {*turn} == {*unfinished} == set(answers.RecordedTurn.__annotations__)
    for each in (turn, unfinished):
        assert set(each["tools"][0]) == set(answers.RecordedTool.__annotations__)
        assert set(each["handoffs"][0]) == set(answers.RecordedHandoff.__annotations__)


PROVED_ELSEWHERE = (
    "initiate",
    "start_campaign",
    "terminate_by_body",
    "terminate",
    "take_over",
    "whisper",
    "get_recording",
)
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]


async def test_people_who_send_anything_get_what_the_document_tells(tmp_path):
    async with peopled(tmp_path) as (it, over):
        await it.simulator.ring(from_=CALLER, to=CALLED)
        live = (await it.relay.session(2)).call_id
        known = {
            "call_id": [over, live],
            "approval_id": [f"{over}:approval:r"],
            "callback_id": [f"{over}:callback:r"],
            "campaign_id": ["a-campaign"],
            "name": ["banking", "apology.wav"],
        }
        seen = await asyncio.to_thread(besiege, it.host.url, known)

    wanted = {
        route.name: {status for status in OPERATIONS[route.name].answers if status < 300}
        for route in PEOPLES
        if route.name not in PROVED_ELSEWHERE
    }
    assert {name: seen[name] & statuses for name, statuses in wanted.items()} == wanted
    assert set(seen) == {route.name for route in PEOPLES}


def besiege(url, known):
    """Send every door of people what its schema allows and what not; return the statuses."""
    names = {route.name for route in PEOPLES}
    seen = {}
    with requests.Session() as http:
        http.headers["x-functions-key"] = KEY
        for found in schemathesis.openapi.from_dict(document()).get_all_operations():
            operation = found.ok()
            name = operation.definition.raw["operationId"]
            if name in names:
                seen[name] = besiege_one(operation, url, known, http)
    return seen


def besiege_one(operation, url, known, http):
    statuses = set()
    proofs = [*CHECKS]
    if operation.query.get("continuation") is None:  # a page's own word, which nobody can guess
        proofs.append(checks.positive_data_acceptance)

    @settings(
        max_examples=10,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways(operation, known)))
    def every(case):
        answer = case.call(base_url=url, session=http)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=proofs)

    every()
    return statuses


def ways(operation, known):
    """Return strategies: right and wrong data, for whatever ids and for those that exist."""
    modes = [GenerationMode.POSITIVE]
    if operation.query or operation.body:
        modes.append(GenerationMode.NEGATIVE)
    paths = [{each.name: it} for each in operation.path_parameters for it in known[each.name]]
    return [
        operation.as_strategy(mode, path_parameters=path)
        for mode in modes
        for path in (*paths, None)
    ]
