"""What tools ask of a call is done once, whoever speaks meanwhile and whichever relay has it."""

import asyncio
from dataclasses import replace

import pytest

from core.agents import HandoffType, RecordingRule
from core.chat import Note, TextDelta, ToolReturned, ToolsCalled, UserSaid
from core.facts import (
    CallerSaid,
    HandedOff,
    HangUpRequested,
    ToolFinished,
    ToolStarted,
    TransferRequested,
    TurnDone,
)
from core.tools import HandOff, HangUp, Remember, ToolResult, TransferCall
from tests.relay.calls import MemoryControl, agent, calling, edge, scenario
from tests.relay.test_handoffs import hands_over
from tests.relay.test_tools import slow, tools, wants, with_tools
from tests.virtual_time import VIRTUAL

CONNECTING = ToolResult(text="Connecting.", effects=(TransferCall(target="desk", reason="card"),))
REFERRED = ToolResult(text="Noted.", effects=(HandOff(to_agent="Bob", reason="cards"),))
ENDING = ToolResult(text="The call ends after your goodbye.", effects=(HangUp(),))


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def team(catalog, **fields):
    """Ann has all the tools and may hand over to Bob, and he to her; nobody may to Eve."""
    return {
        "catalog": catalog,
        "scenario": scenario(
            agent("Ann", tools=tuple(catalog.specs)),
            agent("Bob", greeting="Hi, I am Bob."),
            agent("Eve"),
            edges=(
                edge("Ann", "Bob", HandoffType.ANNOUNCED, **fields),
                edge("Bob", "Ann", HandoffType.DISCRETE),
            ),
        ),
    }


def says_goodbye(request):
    """Answer as a model does that ends the call when nothing else is wanted."""
    last = request.messages[-1]
    if isinstance(last, ToolReturned):
        return "Thank you for your call, and have a very nice and sunny day. Goodbye."
    said = [message.text for message in request.messages if isinstance(message, UserSaid)]
    return "You have ten dollars." if "balance" in said[-1] else wants("end")


async def speaks_over(call, words):
    """Ask for something, and say more while its tool is at work."""
    await call.until(TurnDone)
    call.says("do it please")
    await call.until(ToolStarted)
    call.says(words)
    await call.until(CallerSaid, count=2)


async def test_a_transfer_is_made_though_the_caller_spoke_while_its_tool_was_at_work():
    catalog = tools(connect=slow(1.5, CONNECTING))
    replies = [wants("connect"), "You are welcome.", "I connect you now."]
    async with calling(replies, **with_tools(catalog)) as call:
        await speaks_over(call, "thanks")
        wanted = await call.until(TransferRequested)
        await call.after(5)

        assert (wanted.target, wanted.summary) == ("desk", "card")
        assert len(call.facts(TransferRequested)) == 1


async def test_an_agent_speaks_by_himself_when_a_tool_was_done_after_its_reply():
    catalog = tools(connect=slow(9, CONNECTING))
    replies = [wants("connect"), "You are welcome.", "I connect you now."]
    async with calling(replies, **with_tools(catalog)) as call:
        await speaks_over(call, "thanks")
        await call.until(TransferRequested)
        note = call.chat.requests[-1].messages[-1]

        assert call.heard.endswith("You are welcome. I connect you now.")
        assert isinstance(note, Note)
        assert "meanwhile" in note.text
        assert len(call.chat.requests) == 3


async def test_what_is_owed_outlives_a_reply_that_no_model_makes():
    catalog = tools(connect=slow(2, CONNECTING))
    asks = replace(with_tools(catalog)["scenario"], recording=RecordingRule.ASK)

    def answer(request):
        asked = any(isinstance(message, ToolsCalled) for message in request.messages)
        return "I connect you now." if asked else wants("connect")

    async with calling(answer, catalog=catalog, scenario=asks) as call:
        await call.until(TurnDone)
        call.says("yes")
        await call.until(TurnDone, count=2)
        call.says("a person please")
        await call.until(ToolStarted)
        call.says("stop recording")
        await call.until(TransferRequested)

        assert "this call is not recorded" in call.heard
        assert call.heard.endswith("I connect you now.")


async def test_a_tool_that_is_done_while_its_caller_is_answered_is_not_told_of_twice():
    catalog = tools(connect=slow(3, CONNECTING))
    replies = [wants("connect"), [4.0, TextDelta(text="You are welcome.")]]
    async with calling(replies, **with_tools(catalog)) as call:
        await speaks_over(call, "thanks")
        await call.until(TransferRequested)
        await call.after(20)

        assert call.heard.endswith("You are welcome.")
        assert len(call.chat.requests) == 2


async def test_an_agent_to_whom_a_slow_tool_refers_gets_the_caller_who_spoke_meanwhile():
    catalog = tools(refer=slow(1.5, REFERRED))
    replies = [wants("refer"), "One moment.", "Which card?"]
    async with calling(replies, **team(catalog)) as call:
        await speaks_over(call, "the golden one")
        made = await call.until(HandedOff)
        await call.until(TurnDone, count=3)
        await call.silence()

        assert (made.to_agent, made.reason) == ("Bob", "cards")
        assert "Hi, I am Bob." in call.heard
        assert call.chat.requests[-1].agent.name == "Bob"
        assert len(call.facts(HandedOff)) == 1


async def test_a_handoff_beside_a_slow_tool_is_made_though_the_caller_spoke_meanwhile():
    catalog = tools(look=slow(6, "found"))
    both = [*wants("look"), *hands_over("Bob")]

    def answer(request):
        return both if request.agent.name == "Ann" else "Which card?"

    async with calling(answer, **team(catalog)) as call:
        await speaks_over(call, "the golden one")
        turn = await call.until(TurnDone, count=2)
        open_ = call.session._journal.conversation.open_tools

        assert turn.agent == "Bob"
        assert turn.heard == "Hi, I am Bob. Which card?"
        assert [tool.call.name for tool in open_] == ["look"]


async def test_a_tool_whose_handoff_may_not_be_has_its_agent_told_so():
    away = ToolResult(text="Noted.", effects=(HandOff(to_agent="Eve"), Remember(slots={"a": 1})))
    catalog = tools(refer=lambda arguments, use: away)
    async with calling([wants("refer"), "I can help you."], **team(catalog)) as call:
        await call.until(TurnDone)
        call.says("somebody else")
        turn = await call.until(TurnDone, count=2)
        finished = call.facts(ToolFinished)[-1]

        assert turn.heard == "I can help you."
        assert (finished.ok, finished.error) == (True, "refused")
        assert finished.text.startswith("Noted. But the caller was not handed over.")
        assert "only to: Bob" in finished.text
        assert call.chat.requests[-1].slots == {"a": 1}


async def test_of_two_tools_that_hand_over_at_once_the_second_is_told_that_it_did_not():
    catalog = tools(refer=slow(0.1, REFERRED), also=slow(0.2, REFERRED))
    async with calling([wants("refer", "also"), "Which card?"], **team(catalog)) as call:
        await call.until(TurnDone)
        call.says("somebody")
        turn = await call.until(TurnDone, count=2)
        first, second = call.facts(ToolFinished)

        assert turn.heard == "Hi, I am Bob. Which card?"
        assert (first.error, second.error) == ("", "refused")
        assert "one colleague only" in second.text


async def test_another_relay_does_what_a_tool_asked_of_the_call_once():
    catalog = tools(connect=lambda arguments, use: CONNECTING)
    control = MemoryControl(with_tools(catalog)["scenario"])
    unheard = [30.0, TextDelta(text="too late")]
    async with calling([wants("connect"), unheard], control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("a person please")
        await call.until(ToolFinished)
    replies = ["I connect you now.", "Hello?"]
    async with calling(replies, control=control, **with_tools(catalog)) as call:
        wanted = await call.until(TransferRequested)
        heard = call.heard
        await call.after(5)
        call.session.end("killed")
    async with calling(["Yes?"], control=control, **with_tools(catalog)) as call:
        await call.after(10)

        assert heard.endswith("I connect you now.")
        assert call.facts(TransferRequested) == [wanted]


async def test_another_relay_hands_over_as_a_tool_wanted_that_it_ran_to_its_end():
    async def refer(arguments, use):
        await asyncio.sleep(1.0)
        return REFERRED

    catalog = tools(refer_now=refer)
    control = MemoryControl(team(catalog)["scenario"])
    async with calling([wants("refer_now")], control=control, **team(catalog)) as call:
        await call.until(TurnDone)
        call.says("a card")
        await call.until(ToolStarted)
        log = list(control.logs["call"])
    control.logs["call"] = log
    async with calling(["Which card?"], control=control, **team(catalog)) as call:
        await call.until(HandedOff)
        await call.until(TurnDone, count=2)

        assert call.heard.endswith("Hi, I am Bob. Which card?")


async def test_a_caller_who_speaks_cuts_no_tool_that_another_relay_left_open():
    catalog = tools(connect_now=slow(3, CONNECTING), look=slow(30, "too late"))
    control = MemoryControl(with_tools(catalog)["scenario"])
    asks = [wants("look", "connect_now")]
    async with calling(asks, control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("a person please")
        await call.until(ToolStarted, count=2)
        log = list(control.logs["call"])
    control.logs["call"] = log
    replies = ["Yes.", "I connect you now.", "Hello?"]
    async with calling(replies, control=control, **with_tools(catalog)) as call:
        await call.after(0.5)
        call.says("are you still there")
        await call.until(TransferRequested)

        assert [each.name for each in call.facts(ToolFinished)] == ["look", "connect_now"]


async def test_a_goodbye_that_the_caller_speaks_over_ends_nothing_and_its_agent_knows():
    catalog = tools(end=lambda arguments, use: ENDING)
    async with calling(says_goodbye, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("that is all")
        await call.until(ToolFinished)
        await call.after(1.5)
        call.says("wait what is my balance")
        turn = await call.until(TurnDone, count=3)
        notes = [m.text for m in call.chat.requests[-1].messages if isinstance(m, Note)]
        await call.after(3)
        ended = call.facts(HangUpRequested)
        call.says("goodbye")
        await call.until(HangUpRequested)

        assert turn.heard == "You have ten dollars."
        assert ["not ended" in note for note in notes] == [True]
        assert ended == []


async def test_a_goodbye_may_be_said_again_in_the_turn_in_which_it_was_taken_back():
    catalog = tools(end=slow(4, ENDING))
    async with calling(says_goodbye, **with_tools(catalog)) as call:
        await speaks_over(call, "that was it")
        await call.until(HangUpRequested)

        assert call.heard.endswith("Goodbye.")
        assert len(catalog.uses) == 1


async def test_another_relay_says_the_goodbye_and_ends_the_call():
    catalog = tools(end=lambda arguments, use: ENDING)
    control = MemoryControl(with_tools(catalog)["scenario"])
    unheard = [30.0, TextDelta(text="too late")]
    async with calling([wants("end"), unheard], control=control, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("that is all")
        await call.until(ToolFinished)
    async with calling(["Goodbye."], control=control, **with_tools(catalog)) as call:
        await call.until(HangUpRequested)

        assert call.heard.endswith("Goodbye.")


async def test_what_a_slow_tool_found_out_stays_with_the_agent_who_asked_unless_it_is_shared():
    verified = ToolResult(text="It is Maria.", effects=(Remember(slots={"client_id": "c1"}),))
    slots = []
    for shares in (True, False):
        catalog = tools(verify=slow(9, verified))
        both = [[*wants("verify"), *hands_over("Bob")], "Which card?", "Gold."]
        async with calling(both, **team(catalog, share_context=shares)) as call:
            await speaks_over(call, "a card")
            await call.until(ToolFinished, count=2)
            call.says("golden")
            await call.until(TurnDone, count=3)
            slots.append(call.chat.requests[-1].slots)
            texts = repr(call.chat.requests[-1].messages)
            assert ("It is Maria." in texts) is shares

    assert slots == [{"client_id": "c1"}, {}]
