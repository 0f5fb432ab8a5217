"""Relays and control planes that go away: nothing is lost, nothing is said twice."""

import asyncio

import pytest

from core.chat import UserSaid
from core.conversation import rebuild
from core.facts import AgentHeard, CallerSaid, MediaDetached, TurnDone
from tests.relay.calls import PLAIN, MemoryControl, calling
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_a_redialled_call_goes_on_where_it_was():
    control = MemoryControl(PLAIN)
    async with calling(["Ten dollars."], control=control) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(TurnDone, count=2)
    async with calling(["You are welcome."], control=control) as call:
        await call.until(AgentHeard, count=4)
        await call.silence()
        call.says("thank you")
        turn = await call.until(TurnDone, count=3)

        assert call.heard.startswith("Sorry, I lost you for a moment. Please go on.")
        assert "Hello from Ann" not in call.heard
        assert turn.turn == 2
        texts = [m.text for m in call.chat.requests[-1].messages]
        assert texts[0] == "Hello from Ann."
        assert "my balance" in texts
        assert texts[-1] == "thank you"


async def test_a_question_that_was_not_answered_is_answered_by_the_next_relay():
    control = MemoryControl(PLAIN)
    async with calling([[30.0, "too late"]], control=control) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
    async with calling(["Ten dollars."], control=control) as call:
        turn = await call.until(TurnDone, count=2)

        assert call.heard == "Sorry, I lost you for a moment. Ten dollars."
        assert (turn.turn, turn.caller) == (1, "my balance")
        assert call.chat.requests[0].messages[-1] == UserSaid(text="my balance")


async def test_a_reply_that_broke_off_is_continued_not_repeated():
    control = MemoryControl(PLAIN)
    long = "There are three things to know. " * 5
    async with calling([long], control=control) as call:
        await call.until(TurnDone)
        call.says("tell me")
        await call.until(AgentHeard, count=4)
        control.down = True
    control.down = False
    control.logs["call"] = [
        entry for entry in control.logs["call"] if not isinstance(entry.fact, MediaDetached)
    ]
    async with calling(["And that is all."], control=control) as call:
        await call.until(AgentHeard, count=6)
        await call.silence()

        assert call.heard == "Sorry, I lost you for a moment. And that is all."
        assert "line broke" in call.chat.requests[0].messages[-1].text


async def test_a_control_plane_that_is_down_for_a_minute_loses_nothing():
    async with calling(["One.", "Two.", "Three."]) as call:
        await call.until(TurnDone)
        call.control.down = True
        for words in ("first", "second", "third"):
            call.says(words)
            await call.after(4)
        await call.after(48)
        call.control.down = False
        await call.until(TurnDone, count=4)

        assert [fact.text for fact in call.facts(CallerSaid)] == ["first", "second", "third"]
        assert [turn.heard for turn in call.facts(TurnDone)][1:] == ["One.", "Two.", "Three."]
        assert [entry.n for entry in call.control.logs["call"]] == list(
            range(1, len(call.control.logs["call"]) + 1)
        )


async def test_a_call_that_ends_while_the_control_plane_is_down_is_still_reported():
    control = MemoryControl(PLAIN)
    async with calling(["One."], control=control) as call:
        await call.until(TurnDone)
        control.down = True
        call.says("first")
        await call.after(5)
        call.session.on_closed("socket closed")
        await call.ended
        control.down = False

    assert control.facts(MediaDetached) == [MediaDetached(epoch=1, reason="socket closed")]
    assert [turn.heard for turn in control.facts(TurnDone)] == ["Hello from Ann.", "One."]


async def test_what_is_rebuilt_is_what_the_live_call_knew():
    async with calling(["One.", "A long answer that will be cut short by the caller."]) as call:
        await call.until(TurnDone)
        call.says("first")
        await call.until(TurnDone, count=2)
        call.says("second")
        await call.until(TurnDone, count=3)
        messages = call.chat.requests[-1].messages

        rebuilt = rebuild("Ann", call.control.logs["call"])

        assert rebuilt.messages()[: len(messages)] == messages
        assert rebuilt.turn == 2


async def test_two_calls_at_once_never_cross():
    control = MemoryControl(PLAIN)

    async def talk(name):
        def answer(request):
            return f"You are {request.messages[-1].text}."

        async with calling(answer, control=control, call_id=name) as call:
            await call.until(TurnDone)
            for n, letter in enumerate("abcde"):
                call.says(f"{name} {letter}")
                await call.until(TurnDone, count=n + 2)
            return call.heard

    one, two = await asyncio.gather(talk("one"), talk("two"))

    assert one == "Hello from Ann. " + " ".join(f"You are one {letter}." for letter in "abcde")
    assert two == "Hello from Ann. " + " ".join(f"You are two {letter}." for letter in "abcde")


async def test_a_replaced_relay_lets_go_at_once():
    async with calling(["One."]) as call:
        await call.until(TurnDone)
        call.control.epochs["call"] += 1
        call.says("first")

        assert await call.ended == "superseded"


async def test_a_known_caller_is_known_to_the_first_greeting():
    from tests.relay.calls import PlainCatalog

    async with calling(["Yes."], catalog=PlainCatalog(known={"caller_name": "Eva"})) as call:
        await call.until(TurnDone)
        call.says("hello")
        await call.until(TurnDone, count=2)

        assert call.chat.requests[0].slots == {"caller_name": "Eva"}
