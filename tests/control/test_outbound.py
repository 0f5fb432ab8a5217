"""Whom we call, and whom not."""

import json
from contextlib import asynccontextmanager

import pytest

from api.http import Problem, Request
from api.outbound import initiate
from core.control_ports import CarrierError, OrchestrationTrouble, Trouble
from tests.control.fakes import FakeDurable, plane_of
from tests.control.stack import CALLED, DESK


async def dialled(plane, number=DESK, *, key="", durable=None, **body):
    """Ask for a call; return its status, and the call id or the reason against it."""
    headers = {"idempotency-key": key} if key else {}
    request = Request(headers=headers, body=json.dumps({"target_number": number, **body}).encode())
    try:
        reply = await initiate(request, plane, durable or FakeDurable())
    except Problem as problem:
        return problem.status, problem.detail
    return reply.status, json.loads(reply.body)["call_id"]


@asynccontextmanager
async def able_to_call(**settings):
    """A plane that may call out as far as these settings allow."""
    plane = plane_of(lambda: 1.0, **settings)
    try:
        yield plane
    finally:
        await plane.aclose()


OUT = {"OUTBOUND_ENABLED": "true", "OUTBOUND_ALLOWED_PREFIXES": "+1555"}


async def test_calling_out_is_off_and_says_how_to_allow_it():
    async with able_to_call() as plane:
        assert await dialled(plane) == (
            403,
            "outgoing calls are off; OUTBOUND_ENABLED=true allows them",
        )
        assert plane.calls.done == []


async def test_calling_out_without_allowed_prefixes_reaches_nobody():
    async with able_to_call(OUTBOUND_ENABLED="true") as plane:
        assert (await dialled(plane))[0] == 403


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("5550142", 400), ("+0155501420", 400), ("+1555014\n", 400), ("+1555\uff10142000", 400),
        ("", 400), ("+" + "1" * 40, 400), ("+442079460000", 403), (CALLED, 403),
    ],
)  # fmt: skip
async def test_only_allowed_numbers_are_called(number, status):
    async with able_to_call(**OUT) as plane:
        assert (await dialled(plane, number))[0] == status
        assert plane.calls.done == []


async def test_one_key_rings_once_and_one_number_only():
    async with able_to_call(**OUT) as plane:
        first = await dialled(plane, key="k")
        again = await dialled(plane, key="k")
        other = await dialled(plane, "+15550143", key="k")
        long = await dialled(plane, key="k" * 201)

        assert (first[0], again) == (202, first)
        assert (other[0], long[0]) == (409, 400)
        assert plane.calls.done == [("create", DESK)]


async def test_a_call_that_the_carrier_refused_is_not_tried_behind_its_back():
    async with able_to_call(**OUT) as plane:
        plane.calls.troubles.append(CarrierError(Trouble.REFUSED, "400"))

        answers = [(await dialled(plane, key="k"))[0] for _ in range(2)]

        assert (answers, plane.calls.done) == ([502, 502], [])


async def test_without_its_orchestration_nobody_is_rung():
    class Lost(FakeDurable):
        async def start(self, order):
            raise OrchestrationTrouble("no")

    async with able_to_call(**OUT) as plane:
        assert (await dialled(plane, durable=Lost()))[0] == 503
        assert (await dialled(plane, scenario="unknown"))[0] == 400
        assert plane.calls.done == []
