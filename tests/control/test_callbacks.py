"""A promised call is made when it was promised, within the hours, until somebody answers."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from activities import callbacks
from core import facts as f
from core.call_store import NewFact, StoredCall
from core.callbacks import Callback
from core.carrier import CarrierError, Trouble
from core.promises import promise_id
from localdev.acs_simulator import Behaviour, Manner
from localdev.functions_host.durable.clock import VirtualClock
from localdev.functions_host.durable.engine import Engine
from tests.control.fakes import plane_of
from tests.control.promised import App
from tests.control.stack import CALLED, CALLER, stack
from tests.control.test_calls import written

CALL = "call-1"
ID = promise_id(CALL, "callback", "r1")
MORNING = datetime(2026, 3, 18, 10, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
ALLOWED = {
    "OUTBOUND_ENABLED": "true",
    "OUTBOUND_ALLOWED_PREFIXES": "+1555",
    "OUTBOUND_MAX_CONCURRENT": "9",  # nobody ends the calls of this plane
}


@dataclass
class Life:
    app: App
    engine: Engine
    clock: VirtualClock

    async def callback(self) -> Callback:
        found = await self.app.plane.callbacks.get(ID)
        assert found is not None
        return found

    async def becomes(self, *facts: f.Fact, wait: float = 20.0) -> None:
        """Let the newest attempt come to something, and be looked at."""
        call_id = (await self.callback()).attempts[-1].call_id
        new = [NewFact(source="w", source_id=str(n), fact=fact) for n, fact in enumerate(facts)]
        await self.app.plane.store.append(call_id, new)
        await self.engine.advance(wait)

    @property
    def rung(self) -> list[tuple[str, ...]]:
        return [what for what in self.app.plane.calls.done if what[0] == "create"]  # type: ignore[attr-defined]


@asynccontextmanager
async def living(*, at=MORNING + 2 * HOUR, now=MORNING, allowed=ALLOWED, **more):
    clock = VirtualClock(now)
    plane = plane_of(clock, **{**allowed, **more})
    app = App(plane, "callback", callbacks.review)
    life = Life(app, Engine(":memory:", app, clock=clock), clock)
    await plane.store.claim(
        StoredCall(
            call_id=CALL, created_at=now, direction=f.Direction.INBOUND, caller="+15550100",
            called="+15550199", scenario="banking", scenario_sha="x",
        )
    )  # fmt: skip
    said = {"agent": "A", "caller": "my card", "heard": "Later?"}
    await plane.store.finish(CALL, {"turns": [said]}, keep_words=True)
    await plane.callbacks.keep(
        Callback(
            id=ID, call_id=CALL, request_id="r1", number="+15550100", scenario="banking",
            agent="A", topic="my card", asked_at=now, at=at, next_at=at,
        )
    )  # fmt: skip
    life.engine.open()
    life.engine.start("callback", ID, json.dumps(json.dumps({"id": ID})))
    await life.engine.settled()
    try:
        yield life
    finally:
        await life.engine.drain(1)
        life.engine.close()
        await plane.aclose()


FAILED = {
    "busy": (f.ConnectFailed(code=486),),
    "no_answer": (f.ConnectFailed(code=487),),
    "declined": (f.ConnectFailed(code=603),),
}
UP = f.SessionOpened(epoch=1, relay_id="r")
PERSON = f.AnsweredBy(who="person", by="words")
SILENCE = f.AnsweredBy(who="nobody", by="silence")
ENDED = f.Disconnected(code=200, sub_code=7000)
FAILED["voicemail"] = (UP, f.AnsweredBy(who="voicemail", by="beep", action="hang_up"))


async def test_the_call_is_made_when_it_was_promised_and_its_agent_knows_why():
    async with living() as life:
        await life.engine.advance(2 * HOUR - 1)
        early = list(life.rung)
        await life.engine.advance(2)
        (attempt,) = (await life.callback()).attempts
        page = await life.app.plane.store.log(attempt.call_id)
        await life.becomes(UP, PERSON)

        assert (early, life.rung) == ([], [("create", "+15550100")])
        (briefed,) = [e.fact for e in page.entries if isinstance(e.fact, f.Briefed)]
        assert "Topic: my card." in briefed.text
        assert "Caller: my card\nA: Later?" in briefed.text
        assert briefed.slots == {"callback_topic": "my card"}
        assert (await life.callback()).status == "reached"
        assert life.engine.status(ID).status == "Completed"


@pytest.mark.parametrize(
    ("outcome", "again"),
    [("busy", 300), ("no_answer", 1800), ("declined", 7200), ("voicemail", 7200)],
)
async def test_who_does_not_answer_is_called_again_later(outcome, again):
    async with living(at=MORNING) as life:
        await life.becomes(*FAILED[outcome])
        await life.engine.advance(again - 30)
        before = len(life.rung)
        await life.engine.advance(60)

        assert (before, len(life.rung)) == (1, 2)
        assert [each.outcome for each in (await life.callback()).attempts] == [outcome, ""]


@pytest.mark.parametrize(
    ("heard", "outcome"),
    [((), "no_answer"), ((f.CallerSaid(turn=1, text="Yes?"),), "reached")],
)
async def test_a_line_on_which_nobody_said_a_word_was_not_reached(heard, outcome):
    async with living(at=MORNING) as life:
        await life.becomes(f.Connected(connection_id="leg"), UP, SILENCE, *heard, ENDED)

        assert (await life.callback()).attempts[0].outcome == outcome


async def test_after_three_attempts_it_is_given_up():
    async with living(at=MORNING) as life:
        for _ in range(3):
            await life.becomes(*FAILED["busy"])
            await life.engine.advance(400)

        callback = await life.callback()
        assert (callback.status, len(life.rung)) == ("failed", 3)
        assert len({attempt.call_id for attempt in callback.attempts}) == 3
        assert life.engine.status(ID).status == "Completed"


async def test_nobody_is_called_outside_the_hours():
    evening = datetime(2026, 3, 18, 19, 50, tzinfo=UTC).timestamp()
    async with living(at=evening, now=evening) as life:
        await life.becomes(*FAILED["no_answer"])
        again = datetime.fromtimestamp((await life.callback()).next_at, UTC)
        await life.engine.advance(12 * HOUR)
        asleep = len(life.rung)
        await life.engine.advance(1.25 * HOUR)

        assert again == datetime(2026, 3, 19, 9, 0, tzinfo=UTC)
        assert (asleep, len(life.rung)) == (1, 2)


async def test_the_hours_are_those_of_the_setting():
    late = MORNING + 2 * HOUR  # nine in the evening in Tokyo
    async with living(at=late, CALLBACK_HOURS="9-20", CALLBACK_TIMEZONE="Asia/Tokyo") as life:
        await life.engine.advance(2 * HOUR + 1)
        again = datetime.fromtimestamp((await life.callback()).next_at, UTC)

        assert (life.rung, again) == ([], datetime(2026, 3, 19, 0, 0, tzinfo=UTC))


async def test_a_country_has_hours_of_its_own():
    rules = "+1555=10-12 America/New_York;+15550=11-12"
    async with living(at=MORNING, OUTBOUND_COUNTRY_RULES=rules) as life:
        await life.engine.advance(60)
        again = datetime.fromtimestamp((await life.callback()).next_at, UTC)

        assert (life.rung, again) == ([], datetime(2026, 3, 18, 11, 0, tzinfo=UTC))


async def test_a_promised_call_for_which_there_is_no_room_waits_and_counts_as_no_attempt():
    async with living(at=MORNING + 60, OUTBOUND_MAX_CONCURRENT="1") as life:
        store = life.app.plane.store
        other = StoredCall(
            call_id="live", created_at=MORNING, direction=f.Direction.OUTBOUND, caller=CALLED,
            called="+15550177", scenario="banking", scenario_sha="x",
        )  # fmt: skip
        await store.claim(other)
        await life.engine.advance(300)
        waiting = await life.callback()
        await store.finish("live", {}, keep_words=True)
        await life.engine.advance(31)

        assert (waiting.status, len(waiting.attempts)) == ("scheduled", 0)
        assert life.rung == [("create", "+15550100")]


async def test_after_the_days_calls_the_next_day_goes_on():
    async with living(at=MORNING, OUTBOUND_MAX_PER_DAY="1") as life:
        await life.becomes(*FAILED["busy"])
        await life.engine.advance(400)
        waiting = await life.callback()

        again = datetime.fromtimestamp(waiting.next_at, UTC)
        assert (len(life.rung), again) == (1, datetime(2026, 3, 19, 9, 0, tzinfo=UTC))


async def test_a_review_that_dies_makes_no_second_call():
    async with living(at=MORNING + 60) as life:
        life.app.crashes = 3

        await life.engine.advance(61)
        await life.becomes(UP, PERSON, wait=60)

        assert len(life.rung) == 1
        assert (await life.callback()).status == "reached"


async def test_a_carrier_that_refuses_is_asked_again_later():
    async with living(at=MORNING + 60) as life:
        life.app.plane.calls.troubles.append(CarrierError(Trouble.UNAVAILABLE, "503"))
        await life.engine.advance(700)  # nobody runs that call here, so it never ends by itself
        first = (await life.callback()).attempts[0].outcome
        await life.engine.advance(1000)

        assert (first, len(life.rung)) == ("failed", 1)


@pytest.mark.parametrize("allowed", [{}, {**ALLOWED, "OUTBOUND_ALLOWED_PREFIXES": "+44"}])
async def test_a_number_that_may_not_be_called_is_not_called(allowed):
    async with living(at=MORNING, allowed=allowed) as life:
        assert (life.rung, (await life.callback()).status) == ([], "failed")


# --- through the doors ----------------------------------------------------------------------------


async def promised(it, at):
    call = await it.simulator.ring(from_=CALLER, to=CALLED)
    session = await it.relay.session()
    await call.until("connected")
    wish = f.CallbackRequested(request_id="r1", at=at, agent="BankingConcierge", topic="my card")
    await it.relay.report(session, wish)
    await it.settled()
    _, listed = await it.get("api/v1/callbacks")
    return call, session, listed["callbacks"][0]


ALL_DAY = {**ALLOWED, "CALLBACK_HOURS": "0-24"}


async def test_a_promise_of_a_call_rings_the_caller_and_a_relay_knows_what_it_is_about(tmp_path):
    async with stack(tmp_path, **ALL_DAY) as it:
        _, first, callback = await promised(it, 0.0)
        again = await it.relay.session(2)
        _, listed = await it.get("api/v1/callbacks")
        live = written(tmp_path, "hub.db*")

        assert callback["number"] == "*******00"
        assert again.leg.called == CALLER
        assert again.call_id != first.call_id
        (briefed,) = [e.fact for e in again.log if isinstance(e.fact, f.Briefed)]
        assert "my card" in briefed.text
        assert listed["callbacks"][0]["attempts"][0]["call_id"] == again.call_id
        assert [word for word in (CALLER, "my card") if word in live] == []


async def test_a_busy_line_is_planned_again(tmp_path):
    async with stack(tmp_path, **ALL_DAY) as it:
        it.simulator.numbers[CALLER] = Behaviour(manner=Manner.BUSY)
        _, _, callback = await promised(it, 0.0)
        _, listed = await it.get("api/v1/callbacks")
        (attempt,) = listed["callbacks"][0]["attempts"]
        await it.over(attempt["call_id"])

        _, record = await it.get(f"api/v1/calls/{attempt['call_id']}")

        assert record["outcome"] == "unanswered"
        assert callback["promised_at"] == 0.0


async def test_a_promised_call_can_be_called_off_once(tmp_path):
    async with stack(tmp_path, **ALL_DAY) as it:
        _, _, callback = await promised(it, it.plane.clock() + 3600)

        first = await it._ask("DELETE", f"api/v1/callbacks/{callback['id']}")
        again = await it._ask("DELETE", f"api/v1/callbacks/{callback['id']}")
        nothing = await it._ask("DELETE", "api/v1/callbacks/nothing")
        await it.host.engine.wait(callback["id"])
        _, cancelled = await it.get("api/v1/callbacks?status=cancelled")
        bad = await it.get("api/v1/callbacks?status=new")

        assert (first[0], again[0], nothing[0], bad[0]) == (200, 409, 404, 400)
        assert [each["id"] for each in cancelled["callbacks"]] == [callback["id"]]
        assert it.host.engine.status(callback["id"]).status == "Completed"
