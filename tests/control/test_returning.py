"""A number that calls again is recognised; its agent gets a recap, and nothing that was proved."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from core import facts as f
from core.briefing import returning_briefing
from core.facts import LogEntry
from tests.control.stack import CALLED, CALLER, stack
from tests.control.test_callbacks import ALL_DAY

WISH = "I want to block my card four one two seven please."


def talked(turn=1, caller=WISH, heard="Your balance is 1,234 dollars, Maria."):
    done = f.TurnDone(turn=turn, agent="BankingConcierge", caller=caller, reply=heard, heard=heard)
    return f.CallerSaid(turn=turn, text=caller), done


PROVED = f.Remembered(slots={"client_id": "maria", "caller_name": "Maria Lopez"})


@asynccontextmanager
async def after_a_call(tmp_path, *facts, caller=CALLER, **settings):
    """Have one call with these facts, which the caller ends."""
    async with stack(tmp_path, **settings) as it:
        call = await it.simulator.ring(from_=caller, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        await it.relay.report(session, *facts)
        call.hang_up()
        await it.over(session.call_id)
        yield it


async def rings_again(it, caller=CALLER, n=2):
    await it.simulator.ring(from_=caller, to=CALLED)
    return await it.relay.session(n)


def briefed(session):
    return [entry.fact for entry in session.log if isinstance(entry.fact, f.Briefed)]


async def test_who_calls_again_is_recognised_and_has_proved_nothing(tmp_path):
    async with after_a_call(tmp_path, PROVED, *talked()) as it:
        session = await rings_again(it)
        stored = (await it.plane.store.log(session.call_id)).entries

        (recap,) = briefed(session)
        assert recap.slots == {"earlier_call": "a moment ago"}
        assert "block my card" in recap.text
        assert "proves nothing" in recap.text
        for private in ("four one two seven", "1,234", "Maria", "Lopez"):
            assert private not in recap.text
        facts = [entry.fact for entry in stored]
        assert facts.index(recap) < next(
            n for n, fact in enumerate(facts) if isinstance(fact, f.SessionOpened)
        )
        assert not any(isinstance(fact, f.Remembered) for fact in facts)


async def test_a_relay_that_takes_over_finds_the_recap_once(tmp_path):
    async with after_a_call(tmp_path, *talked()) as it:
        first = await rings_again(it)
        await it.plane.store.open_session(first.call_id, "another")
        await it.relay.sockets[first.call_id].close()
        second = await it.relay.session(3)

        assert second.call_id == first.call_id
        assert briefed(second) == briefed(first)


async def test_another_number_is_a_stranger(tmp_path):
    async with after_a_call(tmp_path, *talked()) as it:
        assert briefed(await rings_again(it, "+15550123")) == []


async def test_nobody_is_recognised_where_that_is_off(tmp_path):
    async with after_a_call(tmp_path, *talked(), RETURNING_CALLER_MINUTES="0") as it:
        assert briefed(await rings_again(it)) == []


async def test_a_call_in_which_nobody_spoke_is_nothing_to_go_on_with(tmp_path):
    async with after_a_call(tmp_path, f.CallerSaid(turn=1, text="")) as it:
        assert briefed(await rings_again(it)) == []


async def test_words_that_may_not_stay_are_not_told_again(tmp_path):
    async with after_a_call(tmp_path, *talked(), KEEP_TRANSCRIPT="false") as it:
        assert briefed(await rings_again(it)) == []


async def test_a_call_back_that_is_still_planned_is_told_of_and_can_be_called_off(tmp_path):
    due = f.CallbackRequested(request_id="r1", at=9e9, agent="BankingConcierge", topic="my card")
    async with after_a_call(tmp_path, *talked(), due, **ALL_DAY) as it:
        session = await rings_again(it)
        _, before = await it.get("api/v1/callbacks")
        await it.relay.report(session, f.CallbacksDropped())
        (callback,) = before["callbacks"]
        await it.host.engine.wait(callback["id"])
        _, after = await it.get("api/v1/callbacks")

        _, planned = briefed(session)
        assert planned.slots["callback_planned"].startswith("on ")
        assert "about my card" in planned.text
        assert (callback["status"], after["callbacks"][0]["status"]) == ("scheduled", "cancelled")


async def test_of_others_no_call_back_is_told_or_called_off(tmp_path):
    due = f.CallbackRequested(request_id="r1", at=9e9, agent="A", topic="my card")
    async with after_a_call(tmp_path, *talked(), due, **ALL_DAY) as it:
        session = await rings_again(it, "+15550123")
        await it.relay.report(session, f.CallbacksDropped())
        _, after = await it.get("api/v1/callbacks")

        assert briefed(session) == []
        assert after["callbacks"][0]["status"] == "scheduled"


async def test_a_call_that_is_promised_and_called_off_in_one_breath_is_not_made(tmp_path):
    due = f.CallbackRequested(request_id="r1", at=9e9, agent="A", topic="my card")
    later = f.CallbackRequested(request_id="r2", at=9.1e9, agent="A", topic="my card")
    facts = (due, f.CallbacksDropped(), later)
    async with after_a_call(tmp_path, *facts, **ALL_DAY) as it:
        _, listed = await it.get("api/v1/callbacks")

        kept = {each["id"][-2:]: each["status"] for each in listed["callbacks"]}
        assert kept == {"r1": "cancelled", "r2": "scheduled"}


def log_of(*facts):
    return [
        LogEntry(n=n, at=float(n), source="s", source_id=str(n), fact=fact)
        for n, fact in enumerate(facts, 1)
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (10, "a moment ago"), (600, "about ten minutes ago"), (2400, "about forty minutes ago"),
        (7200, "about two hours ago"), (4 * 86400, "a few days ago"),
    ],
)  # fmt: skip
def test_when_it_was_is_told_as_people_say_it(seconds, said):
    recap = returning_briefing(log_of(*talked()), seconds)

    assert recap.slots == {"earlier_call": said}


def test_who_calls_back_after_a_missed_call_is_told_what_it_was_about():
    missed = log_of(
        f.Offered(direction=f.Direction.OUTBOUND),
        f.Briefed(text="secret task", slots={"call_topic": "your appointment"}),
        f.ConnectFailed(code=487),
    )

    recap = returning_briefing(missed, 600)

    assert "about: your appointment" in recap.text
    assert "secret task" not in recap.text
