"""A campaign rings everybody on its list, a few at once, and can be stopped and gone on with."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activities import campaigns as reviewing
from adapters.plane import Plane
from api import awakening, campaigns
from api.http import Problem, Request
from core import facts as f
from core.call_store import NewFact
from core.control_ports import OrchestrationTrouble
from localdev.acs_simulator import Behaviour, Manner
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from localdev.functions_host.durable.lives import AlreadyRunning
from tests.control.fakes import FakeDurable, plane_of
from tests.control.mortal import Mortal
from tests.control.promised import App
from tests.control.stack import CALLED, stack
from tests.control.test_calls import written

MORNING = datetime(2026, 3, 18, 10, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
ALLOWED = {
    "OUTBOUND_ENABLED": "true",
    "OUTBOUND_ALLOWED_PREFIXES": "+1555,+49,+1900",
    "OUTBOUND_MAX_CONCURRENT": "100",
    "OUTBOUND_MAX_PER_DAY": "5000",
}
UP = f.Connected(connection_id="leg")
OVER = f.Disconnected(code=200, sub_code=7000)
BUSY = f.ConnectFailed(code=486)
NO_ANSWER = f.ConnectFailed(code=487)


def numbers(count):
    return [{"number": f"+15550{n:05d}"} for n in range(count)]


class Born(FakeDurable):
    """Starts and pokes orchestrations of an engine."""

    engine: Engine
    lost: bool = False

    async def begin(self, name: str, instance_id: str, order: Any) -> None:
        with suppress(AlreadyRunning):
            self.engine.start(name, instance_id, json.dumps(json.dumps(order)))

    async def poke(self, call_id: str) -> bool:
        if self.lost:
            return False
        self.engine.raise_event(call_id, "poke", "{}")
        return True


@dataclass
class Life:
    app: App
    engine: Engine
    clock: VirtualClock
    durable: Born = field(default_factory=Born)

    @property
    def plane(self) -> Plane:
        return self.app.plane

    async def ask(self, handler: Any, campaign_id: str = "", *, key: str = "", **body: Any) -> Any:
        """Send a request and let what it causes happen; return status and answer."""
        request = Request(
            params={"campaign_id": campaign_id},
            query=body.pop("query", {}),
            headers={"idempotency-key": key},
            body=json.dumps(body).encode(),
        )
        try:
            reply = await handler(request, self.plane, self.durable)
        except Problem as problem:
            return problem.status, problem.detail
        await self.engine.settled()
        return reply.status, json.loads(reply.body)

    async def started(self, *, count: int = 3, **more: Any) -> str:
        order = {"name": "reminders", "targets": numbers(count), "pace_seconds": 0, **more}
        status, answer = await self.ask(campaigns.start, **order)
        assert status == 201, answer
        return str(answer["id"])

    async def shown(self, campaign_id: str, **query: str) -> Any:
        return (await self.ask(campaigns.get_campaign, campaign_id, query=query))[1]

    async def target(self, campaign_id: str, n: int) -> Any:
        return await self.plane.targets.get(campaign_id, n)

    async def comes_to(self, campaign_id: str, n: int, *facts: f.Fact, wait: float = 6.0) -> None:
        """Let the newest call of a target come to something, and be looked at."""
        call_id = (await self.target(campaign_id, n)).attempts[-1].call_id
        new = [NewFact(source="w", source_id=str(i), fact=fact) for i, fact in enumerate(facts)]
        await self.plane.store.append(call_id, new)
        if not isinstance(facts[-1], f.Connected):
            await self.plane.store.finish(call_id, {}, keep_words=True)
            await self.durable.poke(campaign_id)  # as the end of a call does
        await self.engine.advance(wait)

    @property
    def rung(self) -> list[str]:
        done = self.plane.calls.done  # type: ignore[attr-defined]
        return [what[1] for what in done if what[0] == "create"]


@asynccontextmanager
async def living(*, now=MORNING, lives=100, **more):
    clock = VirtualClock(now)
    plane = plane_of(clock, **{**ALLOWED, **more})
    app = App(plane, "campaign", reviewing.review, lives=lives)
    life = Life(app, Engine(":memory:", app, clock=clock), clock)
    life.durable.engine = life.engine
    life.engine.open()
    try:
        yield life
    finally:
        await life.engine.drain(1)
        life.engine.close()
        await plane.aclose()


async def test_so_many_are_rung_at_once_and_the_next_when_one_is_over():
    async with living() as life:
        campaign = await life.started(count=4, concurrency=2)
        first = list(life.rung)
        await life.comes_to(campaign, 0, UP)
        talking = list(life.rung)
        await life.comes_to(campaign, 1, UP, OVER)

        assert (len(first), talking) == (2, first)
        assert life.rung == [each["number"] for each in numbers(3)]
        assert (await life.shown(campaign))["counts"] == {"calling": 2, "reached": 1, "waiting": 1}


async def test_everybody_is_rung_once_and_then_it_is_over():
    async with living() as life:
        campaign = await life.started(count=5, concurrency=3)
        for n in range(5):
            await life.comes_to(campaign, n, UP, OVER)
        await life.engine.advance(10)

        shown = await life.shown(campaign)
        assert life.rung == [each["number"] for each in numbers(5)]
        assert (shown["status"], shown["counts"]) == ("done", {"reached": 5})
        assert shown["ended_at"] is not None
        assert life.engine.status(campaign).status == "Completed"


async def test_the_pace_is_kept():
    async with living() as life:
        await life.started(count=3, concurrency=3, pace_seconds=20)
        rung = []
        for _ in range(3):
            rung.append(len(life.rung))
            await life.engine.advance(20)

        assert rung == [1, 2, 3]


async def test_who_is_busy_is_tried_sooner_than_who_does_not_answer():
    async with living() as life:
        retry = {"busy": 1, "no_answer": 10}
        campaign = await life.started(count=2, concurrency=2, retry_minutes=retry)
        await life.comes_to(campaign, 0, BUSY)
        await life.comes_to(campaign, 1, NO_ANSWER)
        await life.engine.advance(40)
        early = len(life.rung)
        await life.engine.advance(10)
        await life.comes_to(campaign, 0, BUSY)
        soon = list(life.rung)
        await life.engine.advance(540)

        busy, unanswered = [each["number"] for each in numbers(2)]
        assert (early, soon) == (2, [busy, unanswered, busy])
        assert life.rung == [busy, unanswered, busy, busy, unanswered]
        outcomes = [each.outcome for each in (await life.target(campaign, 0)).attempts]
        assert outcomes == ["busy", "busy", ""]


async def test_who_was_tried_often_enough_is_left_alone():
    async with living() as life:
        campaign = await life.started(count=1, attempts=2, retry_minutes={"busy": 1})
        for _ in range(2):
            await life.comes_to(campaign, 0, BUSY)
            await life.engine.advance(70)

        shown = await life.shown(campaign)
        assert (shown["status"], shown["counts"], len(life.rung)) == ("done", {"busy": 1}, 2)
        ids = [each["call_id"] for each in shown["targets"][0]["attempts"]]
        assert len(set(ids)) == 2


async def test_a_paused_campaign_rings_nobody_until_it_is_resumed():
    async with living() as life:
        campaign = await life.started(count=3, concurrency=1)
        paused = await life.ask(campaigns.pause, campaign)
        again = await life.ask(campaigns.pause, campaign)
        await life.comes_to(campaign, 0, UP, OVER, wait=3 * 24 * HOUR)
        asleep, reviews = len(life.rung), life.app.reviews
        resumed = await life.ask(campaigns.resume, campaign)

        assert (paused[0], again[0], resumed[0]) == (200, 200, 200)
        assert (paused[1]["status"], resumed[1]["status"]) == ("paused", "running")
        assert (asleep, len(life.rung)) == (1, 2)
        assert reviews < 30


async def test_a_cancelled_campaign_lets_its_calls_end_and_rings_nobody_else():
    async with living() as life:
        campaign = await life.started(count=3, concurrency=1)
        await life.ask(campaigns.cancel, campaign)
        open_still = (await life.shown(campaign))["ended_at"]
        await life.comes_to(campaign, 0, UP, OVER)

        shown = await life.shown(campaign)
        assert (open_still, len(life.rung)) == (None, 1)
        assert (shown["status"], shown["counts"]) == ("cancelled", {"reached": 1, "cancelled": 2})
        left = await life.shown(campaign, status="cancelled")
        assert [each["n"] for each in left["targets"]] == [1, 2]
        assert (await life.shown(campaign, status="waiting"))["targets"] == []
        assert (await life.ask(campaigns.resume, campaign))[0] == 409
        assert life.engine.status(campaign).status == "Completed"


async def test_reviews_that_die_after_their_work_ring_nobody_twice():
    async with living() as life:
        life.app.crashes = 4
        campaign = await life.started(count=4, concurrency=2)
        await life.engine.advance(60)
        rung = list(life.rung)
        life.app.crashes = 2
        await life.comes_to(campaign, 0, UP, OVER, wait=60)

        assert (len(rung), len(life.rung), len(set(life.rung))) == (2, 3, 3)


@pytest.mark.parametrize("die_at", range(2, 91, 8))
async def test_a_review_that_dies_anywhere_rings_nobody_twice_and_never_too_many(die_at):
    async with living() as life:
        points = [0]
        parts = ("store", "campaigns", "targets", "calls")
        whole = life.plane
        mortal = {name: Mortal(getattr(whole, name), points) for name in parts}
        campaign = await life.started(count=5, concurrency=2)
        life.app.plane = replace(whole, **mortal)
        points[0] = die_at
        most = 0
        for _ in range(12):
            live = (await whole.store.calls(ended=False)).calls
            most = max(most, len(live))
            for call in live:
                up = [
                    NewFact(source="w", source_id=str(n), fact=x) for n, x in enumerate((UP, OVER))
                ]
                await whole.store.append(call.call_id, up)
                await whole.store.finish(call.call_id, {}, keep_words=True)
            await life.durable.poke(campaign)
            await life.engine.advance(40)
        life.app.plane = whole

        shown = await life.shown(campaign)
        assert points[0] <= 0
        assert (shown["status"], shown["counts"], most) == ("done", {"reached": 5}, 2)
        assert sorted(life.rung) == [each["number"] for each in numbers(5)]


async def test_a_place_that_was_given_before_a_crash_is_used_after_it():
    async with living() as life:
        campaign = await life.started(count=2, concurrency=1)
        await life.ask(campaigns.pause, campaign)
        await life.comes_to(campaign, 0, UP, OVER)
        stored = await life.plane.campaigns.get(campaign)
        await life.plane.campaigns.change(replace(stored, live=(1,), status="running"))
        await life.durable.poke(campaign)
        await life.engine.settled()

        assert life.rung == [each["number"] for each in numbers(2)]
        assert (await life.target(campaign, 1)).status == "calling"


async def test_a_call_that_has_no_place_is_given_one_before_others_are_rung():
    async with living() as life:
        campaign = await life.started(count=3, concurrency=1)
        stored = await life.plane.campaigns.get(campaign)
        await life.plane.campaigns.change(replace(stored, live=()))
        await life.engine.advance(31)

        assert (len(life.rung), (await life.plane.campaigns.get(campaign)).live) == (1, (0,))


async def test_without_room_for_more_calls_it_waits_and_no_attempt_is_lost():
    async with living(OUTBOUND_MAX_CONCURRENT="1") as life:
        campaign = await life.started(count=2, concurrency=2)
        await life.engine.advance(120)
        full = list(life.rung)
        await life.comes_to(campaign, 0, UP, OVER, wait=40)

        assert (len(full), len(life.rung)) == (1, 2)
        assert [len((await life.target(campaign, n)).attempts) for n in (0, 1)] == [1, 1]


async def test_nobody_is_called_outside_the_hours_of_his_country_or_of_the_campaign():
    rules = "+49=9-20 Europe/Berlin;+1555=8-21 America/New_York"
    async with living(OUTBOUND_COUNTRY_RULES=rules) as life:  # 11 in Berlin, 6 in New York
        targets = [{"number": "+4930123456"}, {"number": "+15550001"}]
        campaign = await life.started(targets=targets, concurrency=2, hours="10-12")
        now = list(life.rung)
        due = [(await life.target(campaign, n)).next_at for n in (0, 1)]
        await life.comes_to(campaign, 0, BUSY, wait=300)
        await life.comes_to(campaign, 0, UP, OVER, wait=4 * HOUR)

        assert now == ["+4930123456"]
        assert due == [MORNING, MORNING + 4 * HOUR]
        assert life.rung == ["+4930123456", "+4930123456", "+15550001"]


async def test_a_number_that_is_not_allowed_any_more_is_refused():
    async with living() as life:
        campaign = await life.started(count=1, concurrency=1)
        stranger = replace(await life.target(campaign, 0), n=1, number="+7999", status="waiting")
        await life.plane.targets.keep([replace(stranger, attempts=(), version=0)])
        await life.comes_to(campaign, 0, UP, OVER)

        assert (await life.shown(campaign))["counts"] == {"reached": 1, "refused": 1}


async def test_a_long_campaign_keeps_a_short_history():
    async with living(lives=10) as life:
        campaign = await life.started(count=30, concurrency=3)
        longest = 0
        for n in range(30):
            await life.comes_to(campaign, n, UP, OVER, wait=5)
            longest = max(longest, len(life.engine.history(campaign)))
        await life.engine.advance(10)

        assert (await life.shown(campaign))["counts"] == {"reached": 30}
        assert len(life.rung) == len(set(life.rung)) == 30
        assert life.app.reviews > 30
        assert longest < 120


async def test_what_is_said_of_a_call_goes_before_what_is_said_of_all():
    async with living() as life:
        targets = [
            {"number": "+15550001", "topic": "your new card", "context": {"name": "Ann"}},
            {"number": "+15550002"},
        ]
        common = {"topic": "your card", "task": "Ask.", "context": {"bank": "Contoso"}}
        campaign = await life.started(targets=targets, concurrency=2, **common)
        slots = []
        for n in (0, 1):
            call_id = (await life.target(campaign, n)).attempts[-1].call_id
            log = (await life.plane.store.log(call_id)).entries
            slots += [e.fact.slots for e in log if isinstance(e.fact, f.Briefed)]

        assert slots == [
            {"call_topic": "your new card", "call_context": {"bank": "Contoso", "name": "Ann"}},
            {"call_topic": "your card", "call_context": {"bank": "Contoso"}},
        ]


async def test_a_key_starts_one_campaign():
    async with living() as life:
        order = {"name": "a", "targets": numbers(2), "concurrency": 2}
        first = await life.ask(campaigns.start, key="k", **order)
        again = await life.ask(campaigns.start, key="k", **order)
        listed = await life.ask(campaigns.list_campaigns)

        assert (first[0], again[1]) == (201, first[1])
        assert [each["id"] for each in listed[1]["campaigns"]] == [first[1]["id"]]


@pytest.mark.parametrize(
    ("wrong", "status", "reason"),
    [
        ({"targets": [{"number": "+15550001"}, {"number": "+44123456"}]}, 403, "targets.1.number"),
        ({"targets": [{"number": "+19005550142"}]}, 403, "premium"),
        ({"targets": [{"number": CALLED}]}, 403, "loop"),
        (
            {"targets": [{"number": "+15550001"}] * 2},
            409,
            "the same as targets.0",
        ),
        ({"targets": [{"number": "5550001"}]}, 400, "targets.0.number"),
        ({"targets": []}, 400, "targets"),
        ({"targets": numbers(1001)}, 400, "targets"),
        ({"hours": "17-9"}, 400, "hours"),
        ({"hours": "20-24"}, 409, "country"),
        ({"scenario": "none"}, 400, "scenario"),
        ({"name": " "}, 400, "name"),
        ({"concurrency": "2"}, 400, "concurrency"),
        ({"retry_minutes": {"busy": 0}}, 400, "retry_minutes.busy"),
    ],
)
async def test_an_order_that_can_not_be_kept_is_refused_and_says_why(wrong, status, reason):
    async with living() as life:
        answer = await life.ask(campaigns.start, **{"name": "a", "targets": numbers(2), **wrong})
        listed = await life.ask(campaigns.list_campaigns)

        assert answer[0] == status
        assert reason in answer[1]
        assert (listed[1]["campaigns"], life.rung) == ([], [])


async def test_campaigns_are_off_where_calls_are():
    async with living(OUTBOUND_ENABLED="false") as life:
        refused = await life.ask(campaigns.start, name="a", targets=numbers(1))

        assert refused[0] == 403
        assert "OUTBOUND_ENABLED" in refused[1]


async def test_a_campaign_without_its_orchestration_is_not_said_to_have_started():
    class Lost(Born):
        async def begin(self, name: str, instance_id: str, order: Any) -> None:
            raise OrchestrationTrouble("no")

    async with living() as life:
        life.durable = Lost()

        assert (await life.ask(campaigns.start, name="a", targets=numbers(1)))[0] == 503


async def test_a_campaign_whose_orchestration_was_lost_is_found_by_the_next_host():
    class Lost(Born):
        async def begin(self, name: str, instance_id: str, order: Any) -> None:
            raise OrchestrationTrouble("no")

        async def poke(self, call_id: str) -> bool:
            return False

    async with living() as life:
        able, life.durable = life.durable, Lost()
        await life.ask(campaigns.start, name="a", targets=numbers(1))
        lost = list(life.rung)
        able.lost = True
        await awakening.once(life.plane, able)
        await life.engine.settled()

        assert (lost, life.rung) == ([], [numbers(1)[0]["number"]])


async def test_a_scenario_that_is_gone_fails_the_attempt_and_not_the_campaign():
    async with living() as life:
        campaign = await life.started(count=1, attempts=1)
        stored = await life.plane.campaigns.get(campaign)
        other = replace(stored, id="other", scenario="gone", live=(), version=0)
        target = replace(await life.target(campaign, 0), campaign_id="other", version=0)
        await life.plane.targets.keep([replace(target, status="waiting", attempts=())])
        await life.plane.campaigns.keep(other)
        await life.durable.begin("campaign", "other", {"id": "other"})
        await life.engine.settled()

        shown = await life.shown("other")
        assert (shown["status"], shown["counts"]) == ("done", {"failed": 1})


async def test_whom_it_calls_is_listed_page_by_page_and_masked():
    async with living() as life:
        campaign = await life.started(count=5, concurrency=1)
        first = await life.shown(campaign, limit="2")
        second = await life.shown(campaign, limit="2", continuation=first["continuation"])
        third = await life.shown(campaign, limit="2", continuation=second["continuation"])
        bad = await life.ask(campaigns.get_campaign, campaign, query={"continuation": "x"})

        pages = [first, second, third]
        assert [each["n"] for page in pages for each in page["targets"]] == [0, 1, 2, 3, 4]
        assert third["continuation"] is None
        assert first["targets"][1]["number"] == "*********01"
        assert bad[0] == 400
        assert (await life.ask(campaigns.get_campaign, "nothing"))[0] == 404
        assert (await life.ask(campaigns.pause, "nothing"))[0] == 404


async def test_a_campaign_goes_when_its_time_is_over():
    async with living() as life:
        old = await life.started(count=1)
        await life.comes_to(old, 0, UP, OVER)
        await life.engine.advance(31 * 24 * HOUR)
        young = await life.started(count=1)

        listed = await life.ask(campaigns.list_campaigns)
        assert [each["id"] for each in listed[1]["campaigns"]] == [young]
        assert await life.target(old, 0) is None


# --- through the doors ----------------------------------------------------------------------------


async def test_a_campaign_rings_and_tells_what_came_of_it(tmp_path):
    all_day = {**ALLOWED, "CALLBACK_HOURS": "0-24"}
    async with stack(tmp_path, **all_day) as it:
        people = numbers(3)
        for each, manner in zip(people, (Manner.ANSWER, Manner.BUSY, Manner.DECLINE), strict=True):
            it.simulator.numbers[each["number"]] = Behaviour(manner=manner)
        order = {"name": "reminders", "targets": people, "concurrency": 3, "pace_seconds": 0,
                 "attempts": 1, "topic": "your card"}  # fmt: skip
        status, started = await it.post("api/v1/campaigns", json=order)
        session = await it.relay.session()
        await it.relay.report(session, f.HangUpRequested(by="agent", reason="done"))
        await it.over(started["id"])
        _, shown = await it.get(f"api/v1/campaigns/{started['id']}")
        history = written(tmp_path, "hub.db*")

        assert status == 201
        assert shown["counts"] == {"reached": 1, "busy": 1, "declined": 1}
        (briefed,) = [e.fact for e in session.log if isinstance(e.fact, f.Briefed)]
        assert briefed.slots == {"call_topic": "your card"}
        assert session.leg.called == people[0]["number"]
        words = (*(each["number"] for each in people), "your card", "reminders")
        assert [word for word in words if word in history] == []
