"""Whom we call, and whom not."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from api.http import Problem, Request
from api.outbound import initiate
from core.carrier import CarrierError, Trouble
from core.control_ports import OrchestrationTrouble
from core.facts import Briefed
from tests.control.fakes import FakeDurable, plane_of
from tests.control.stack import CALLED, DESK


def order(number=DESK, *, key="", **body):
    headers = {"idempotency-key": key} if key else {}
    return Request(headers=headers, body=json.dumps({"target_number": number, **body}).encode())


async def dialled(plane, number=DESK, *, key="", durable=None, **body):
    """Ask for a call; return its status, and the call id or the reason against it."""
    try:
        reply = await initiate(order(number, key=key, **body), plane, durable or FakeDurable())
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


OUT = {"OUTBOUND_ENABLED": "true", "OUTBOUND_ALLOWED_PREFIXES": "+1555,+1900,+49,+979"}


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


PREMIUM = "+19005550142"


async def test_numbers_that_cost_a_premium_are_called_only_where_a_rule_allows_it():
    async with able_to_call(**OUT) as plane:
        refused = [await dialled(plane, each) for each in (PREMIUM, "+979123456789")]
    async with able_to_call(**OUT, OUTBOUND_COUNTRY_RULES="+1900=premium") as plane:
        allowed = await dialled(plane, PREMIUM)

    assert [status for status, _ in refused] == [403, 403]
    assert "premium" in refused[0][1]
    assert allowed[0] == 202


async def test_of_the_rules_for_a_number_the_longest_prefix_counts():
    rules = "+49=denied;+4930=9-20 Europe/Berlin"
    async with able_to_call(**OUT, OUTBOUND_COUNTRY_RULES=rules) as plane:
        denied = await dialled(plane, "+4989123456")
        allowed = await dialled(plane, "+4930123456")

    assert denied == (403, "OUTBOUND_COUNTRY_RULES denies this number")
    assert allowed[0] == 202


async def test_more_calls_than_allowed_are_refused_until_one_is_over():
    async with able_to_call(**OUT, OUTBOUND_MAX_CONCURRENT="2") as plane:
        asked = [dialled(plane, f"+1555014{n}00", key=str(n)) for n in range(5)]
        answers = await asyncio.gather(*asked)
        placed = [call_id for status, call_id in answers if status == 202]
        again = await dialled(plane, f"+1555014{answers.index((202, placed[0]))}00",
                              key=str(answers.index((202, placed[0]))))  # fmt: skip
        await plane.store.finish(placed[0], {}, keep_words=True)
        later = await dialled(plane, key="later")

    assert sorted(status for status, _ in answers) == [202, 202, 429, 429, 429]
    assert again == (202, placed[0])
    assert later[0] == 202


async def test_a_day_has_so_many_calls_and_the_answer_says_when_there_are_more():
    async with able_to_call(**OUT, OUTBOUND_MAX_PER_DAY="1") as plane:
        _, call_id = await dialled(plane)
        await plane.store.finish(call_id, {}, keep_words=True)
        with pytest.raises(Problem) as refused:
            await initiate(order(), plane, FakeDurable())

    reply = refused.value.reply()
    assert (reply.status, reply.headers["Retry-After"]) == (429, "86399")
    assert "OUTBOUND_MAX_PER_DAY" in refused.value.detail


async def test_a_call_that_never_ended_blocks_nobody_for_ever():
    now = 10_000.0
    plane = plane_of(lambda: now, **OUT, OUTBOUND_MAX_CONCURRENT="1")
    try:
        first, second = await dialled(plane), await dialled(plane)
        now += 2 * 3600
        third = await dialled(plane)
    finally:
        await plane.aclose()

    assert [status for status, _ in (first, second, third)] == [202, 429, 202]


async def test_what_an_order_says_of_the_call_is_in_its_log_and_opens_no_tool():
    about = {"topic": "your appointment", "task": "Move it to Friday.",
             "context": {"client_id": "c1", "day": "Monday", "fee": 12.5}}  # fmt: skip
    async with able_to_call(**OUT) as plane:
        _, call_id = await dialled(plane, key="k", **about)
        await dialled(plane, key="k", **about)
        page = await plane.store.log(call_id)

    (briefed,) = [entry.fact for entry in page.entries if isinstance(entry.fact, Briefed)]
    assert page.entries[1].fact == briefed
    for words in ("your appointment", "Move it to Friday.", "day: Monday", "fee: 12.5"):
        assert words in briefed.text
    assert briefed.slots == {"call_topic": "your appointment", "call_context": about["context"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": "x" * 201}, {"task": "x" * 1001}, {"context": {"": "c"}},
        {"context": {"a" * 41: "c"}},
        {"context": {"a": "x" * 301}}, {"context": {f"n{n}": n for n in range(21)}},
        {"context": {"a": {"b": "c"}}}, {"context": {"a": None}}, {"context": ["a"]},
    ],
)  # fmt: skip
async def test_what_an_order_says_is_bounded(wrong):
    async with able_to_call(**OUT) as plane:
        assert (await dialled(plane, **wrong))[0] == 400
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
