"""A promise is reviewed at birth, at every poke and when it is due, on a clock that tests move."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from activities import approvals
from adapters.plane import Plane
from core import facts as f
from core.call_store import StoredCall
from core.promises import Approval, promise_id
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from registries.tools import TOOLS
from tests.control.fakes import plane_of
from tests.control.mortal import Mortal
from tests.control.promised import App

CALL = "call-1"
ID = promise_id(CALL, "approval", "r1")
DAY = 24 * 3600.0


@dataclass
class Life:
    app: App
    engine: Engine
    clock: VirtualClock

    @property
    def plane(self) -> Plane:
        return self.app.plane

    async def approval(self) -> Approval:
        found = await self.plane.approvals.get(ID)
        assert found is not None
        return found

    async def decide(self, decision: str, *, poke: bool = True) -> None:
        decided = replace(await self.approval(), decision=decision, by="Kim")
        assert await self.plane.approvals.change(decided)
        if poke:
            self.engine.raise_event(ID, "poke", "{}")
        await self.engine.settled()

    async def told(self) -> list[f.ApprovalDecided]:
        page = await self.plane.store.log(CALL)
        return [e.fact for e in page.entries if isinstance(e.fact, f.ApprovalDecided)]


@dataclass
class PaperBell:
    """Notes what it is told; `deaf`: how often it does not listen first."""

    deaf: int = 0
    rung: list[dict] = field(default_factory=list)

    async def ring(self, notice) -> bool:
        self.deaf -= 1
        if self.deaf < 0:
            self.rung.append(dict(notice))
        return self.deaf < 0

    @property
    def events(self) -> list[str]:
        return [notice["event"] for notice in self.rung]


@pytest.fixture
def done():
    """A tool whose approved action counts how often it was done, by key."""
    keys: list[str] = []

    def act(call, details):
        keys.append(call.idempotency_key)
        if details.get("fails", 0) >= len(keys):
            raise OSError("the bank is away")
        return "It went through."

    def pay_much(call):
        """Pay."""
        return "asked"

    TOOLS.register(on_approved=act, override=True)(pay_much)
    yield keys
    TOOLS._tools.pop("pay_much")


@asynccontextmanager
async def living(tmp_path, *, wait=600.0, details=None, bell=None):
    clock = VirtualClock()
    plane = replace(plane_of(clock, STORE_PATH=str(tmp_path)), bell=bell)
    app = App(plane, "approval", approvals.review)
    life = Life(app, Engine(":memory:", app, clock=clock), clock)
    await plane.store.claim(
        StoredCall(
            call_id=CALL, created_at=clock(), direction=f.Direction.INBOUND, caller="+15550100",
            called="+15550199", scenario="banking", scenario_sha="x",
        )
    )  # fmt: skip
    await plane.approvals.keep(
        Approval(
            id=ID, call_id=CALL, request_id="r1", tool="pay_much", agent="A", subject="a payment",
            details=details or {}, asked_at=clock(), remind_at=clock() + wait / 2,
            due_at=clock() + wait,
        )
    )  # fmt: skip
    life.engine.open()
    life.engine.start("approval", ID, json.dumps(json.dumps({"id": ID})))
    await life.engine.settled()
    try:
        yield life
    finally:
        await life.engine.drain(1)
        life.engine.close()
        await plane.aclose()


async def test_a_decision_is_done_told_and_the_end(tmp_path, done):
    async with living(tmp_path) as life:
        await life.decide("approved")

        approval = await life.approval()
        assert life.engine.status(ID).status == "Completed"
        assert (approval.outcome, approval.result) == ("done", "It went through.")
        assert [(fact.decision, fact.text) for fact in await life.told()] == [
            ("approved", "It went through.")
        ]
        assert life.app.durable.pokes == [CALL]
        assert done == [ID]


async def test_people_are_reminded_once_and_then_it_is_over(tmp_path, caplog, done):
    async with living(tmp_path) as life:
        await life.engine.advance(299)
        early = (await life.approval()).reminded_at
        await life.engine.advance(2)
        late = (await life.approval()).reminded_at
        await life.engine.advance(297)
        open_still = (await life.approval()).status
        await life.engine.advance(5)

        assert (early, late is not None, open_still) == (None, True, "open")
        assert [fact.decision for fact in await life.told()] == ["expired"]
        assert life.engine.status(ID).status == "Completed"
        assert caplog.messages.count("an approval waits for a person") == 1
        assert done == []


async def test_people_are_told_at_once_and_again_when_half_of_the_time_is_over(tmp_path, done):
    bell = PaperBell()
    async with living(tmp_path, bell=bell, details={"card": "4111"}) as life:
        at_once = list(bell.events)
        await life.engine.advance(301)
        await life.decide("denied")

        assert at_once == ["approval.asked"]
        assert bell.events == ["approval.asked", "approval.reminder"]
        first = bell.rung[0]
        assert (first["approval_id"], first["tool"]) == (ID, "pay_much")
        assert "asks whether pay_much may be done. Decide by " in first["text"]
        assert not any(word in str(bell.rung) for word in ("a payment", "4111"))


async def test_people_who_could_not_be_told_are_told_later_and_nothing_waits_for_it(tmp_path, done):
    bell = PaperBell(deaf=2)
    async with living(tmp_path, bell=bell) as life:
        await life.engine.advance(59)
        early = list(bell.events)
        await life.engine.advance(32)
        await life.decide("approved")

        assert (early, bell.events) == ([], ["approval.asked"])
        assert (life.engine.status(ID).status, done) == ("Completed", [ID])


async def test_people_who_are_never_reached_are_not_waited_for(tmp_path, done):
    bell = PaperBell(deaf=99)
    async with living(tmp_path, bell=bell, wait=7 * DAY) as life:
        await life.engine.advance(7 * DAY + 1)

        assert [fact.decision for fact in await life.told()] == ["expired"]
        assert life.app.reviews < 60


async def test_a_decision_whose_poke_was_lost_is_found_at_the_next_look(tmp_path, done):
    async with living(tmp_path) as life:
        await life.decide("denied", poke=False)
        before = await life.told()

        await life.engine.advance(301)

        assert (before, [fact.decision for fact in await life.told()]) == ([], ["denied"])


async def test_reviews_that_die_after_their_work_change_nothing(tmp_path, done):
    async with living(tmp_path) as life:
        life.app.crashes = 3

        await life.decide("approved")
        await life.engine.advance(60)

        assert life.engine.status(ID).status == "Completed"
        assert set(done) == {ID}
        assert len(await life.told()) == 1


async def test_what_a_host_died_over_is_done_again_once_its_tool_can_act_no_more(tmp_path, done):
    async with living(tmp_path) as life:
        plane = life.plane
        # Before and after: read, decide, read, lease; then the act, whose result is not written.
        life.app.plane = replace(plane, approvals=Mortal(plane.approvals, [9]))
        await life.decide("approved")
        await life.engine.advance(9)
        early = list(done)
        await life.engine.advance(2)

        assert (early, done) == ([ID], [ID, ID])
        assert ((await life.approval()).outcome, len(await life.told())) == ("done", 1)


async def test_an_action_that_fails_is_tried_again_under_the_same_key(tmp_path, done):
    async with living(tmp_path, details={"fails": 2}) as life:
        await life.decide("approved")
        await life.engine.advance(60)

        assert done == [ID, ID, ID]
        assert (await life.approval()).outcome == "done"


async def test_an_action_that_never_works_is_told_as_failed(tmp_path, done):
    async with living(tmp_path, details={"fails": 99}) as life:
        await life.decide("approved")
        await life.engine.advance(120)

        (fact,) = await life.told()
        assert (fact.decision, fact.ok, len(done)) == ("approved", False, 5)
        assert life.engine.status(ID).status == "Completed"


async def test_what_waits_for_weeks_is_reached_in_steps(tmp_path, done):
    async with living(tmp_path, wait=40 * DAY) as life:
        await life.engine.advance(39 * DAY)
        timers = [event for event in life.engine.history(ID) if "FireAt" in event]
        await life.engine.advance(2 * DAY)

        assert [fact.decision for fact in await life.told()] == ["expired"]
        assert len(timers) >= 6
        assert life.app.reviews < 40


async def test_many_pokes_do_no_harm(tmp_path, done):
    async with living(tmp_path) as life:
        for _ in range(20):
            life.engine.raise_event(ID, "poke", "{}")
        await life.decide("approved")
        await life.engine.settled()

        assert life.engine.status(ID).status == "Completed"
        assert done == [ID]
