"""A tool asks a person; the caller hears the answer once, when nobody speaks, whoever has him."""

import pytest

from core.chat import Note, ToolCalled
from core.facts import (
    AgentHeard,
    ApprovalDecided,
    ApprovalRequested,
    ApprovalTold,
    Briefed,
    CallbackRequested,
    LogEntry,
    ToolFinished,
    TurnDone,
)
from core.tools import AskApproval, CallBack, ToolCall, ToolResult, ToolSpec
from tests.relay.calls import MemoryControl, PlainCatalog, agent, calling, edge, scenario, told
from tests.virtual_time import VIRTUAL

ASK = AskApproval(subject="the refund", details={"cents": 6500})


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def wants(name, **arguments):
    return [ToolCalled(call=ToolCall(id="model", name=name, arguments=arguments))]


def bank():
    """A call with a tool that asks a person."""
    spec = ToolSpec(name="refund", description="", parameters={}, side_effects=True)
    asked = ToolResult(text="A colleague looks at it.", effects=(ASK,))
    return PlainCatalog(specs={"refund": spec}, runs={"refund": lambda arguments, use: asked})


GRAPH = scenario(
    agent("Ann", tools=("refund",)), agent("Bob"), edges=[edge("Ann", "Bob", "announced")]
)
DECIDED = ApprovalDecided(
    request_id="r", decision="approved", subject="the refund", by="Kim", text="Money went back."
)


def talking(replies=(), **how):
    return calling(replies, scenario=GRAPH, catalog=bank(), **how)


def decided(call, request_id="r"):
    """Let the control plane log a decision and tell the relay."""
    fact = ApprovalDecided(
        request_id=request_id, decision="approved", subject="the refund", text="Money went back."
    )
    log = call.control.logs[call.call_id]
    log.append(LogEntry(n=len(log) + 1, at=0.0, source="approval", source_id=request_id, fact=fact))
    call.session.obey(told("approval_decided", decided=fact))


async def test_a_request_is_on_record_before_the_result_that_promises_it():
    replies = [wants("refund"), "I have asked a colleague."]
    async with talking(replies) as call:
        await call.until(TurnDone)
        call.says("my refund")
        await call.until(TurnDone, count=2)

        (requested,) = call.facts(ApprovalRequested)
        kinds = [type(entry.fact) for entry in call.control.logs["call"]]
        assert (requested.tool, requested.agent) == ("refund", "Ann")
        assert (requested.subject, requested.details) == ("the refund", {"cents": 6500})
        assert kinds.index(ApprovalRequested) < kinds.index(ToolFinished)


async def test_the_same_thing_is_not_put_to_a_person_twice_at_a_time():
    replies = [wants("refund"), "Asked.", wants("refund"), "Still waiting."]
    async with talking(replies) as call:
        await call.until(TurnDone)
        for n in (2, 3):
            call.says("my refund")
            await call.until(TurnDone, count=n)

        assert len(call.facts(ApprovalRequested)) == 1


async def test_the_caller_is_told_in_a_turn_of_its_own():
    async with talking(["Good news, it is done."]) as call:
        await call.until(TurnDone)
        await call.silence()
        decided(call)
        turn = await call.until(TurnDone, count=2)

        assert (turn.caller, turn.heard) == ("", "Good news, it is done.")
        assert call.facts(ApprovalTold) == [ApprovalTold(turn=turn.turn, request_id="r")]
        note = call.chat.requests[-1].messages[-1]
        assert isinstance(note, Note)
        assert "Money went back." in note.text


async def test_news_wait_until_the_caller_has_spoken_and_was_answered():
    replies = ["Your balance is ten.", "And the refund is done."]
    async with talking(replies) as call:
        await call.until(TurnDone)
        await call.silence()
        call.says("what is my balance please")
        await call.after(0.2)
        decided(call)
        await call.until(TurnDone, count=3)

        assert [turn.heard for turn in call.facts(TurnDone)[1:]] == replies
        assert not any(heard.cut for heard in call.facts(AgentHeard))


async def test_a_decision_that_is_told_twice_is_heard_once():
    async with talking(["It is done.", "You are welcome."]) as call:
        await call.until(TurnDone)
        decided(call)
        call.session.obey(told("approval_decided", decided=DECIDED))
        await call.until(TurnDone, count=2)
        call.session.obey(told("approval_decided", decided=DECIDED))
        call.says("thank you")
        turn = await call.until(TurnDone, count=3)

        assert turn.caller == "thank you"
        assert len(call.facts(ApprovalTold)) == 1


async def test_after_a_handoff_the_other_agent_tells():
    hands_over = [ToolCalled(call=ToolCall(id="h", name="handoff_bob", arguments={}))]
    replies = [wants("refund"), "Asked.", hands_over, "What else?", "The refund is done."]
    async with talking(replies) as call:
        await call.until(TurnDone)
        for n, words in enumerate(("my refund", "now Bob please"), start=2):
            call.says(words)
            await call.until(TurnDone, count=n)
        decided(call, call.facts(ApprovalRequested)[0].request_id)
        turn = await call.until(TurnDone, count=4)

        assert (turn.agent, turn.heard) == ("Bob", "The refund is done.")


async def test_another_relay_tells_what_the_first_could_not():
    control = MemoryControl(GRAPH)
    async with talking(control=control) as call:
        await call.until(TurnDone)
        call.session.end("dies")
        await call.ended
        decided(call)

    async with talking(["It is done."], control=control) as call:
        told = await call.until(ApprovalTold)
        await call.until(TurnDone, count=2)

        assert told.request_id == "r"
        assert "It is done." in call.heard


async def test_another_relay_says_the_news_again_that_were_cut_off_by_a_loss():
    control = MemoryControl(GRAPH)
    async with talking(["It is " + "really " * 20 + "done."], control=control) as call:
        await call.until(TurnDone)
        decided(call)
        await call.until(ApprovalTold)
        await call.after(1.0)

    async with talking(["I said it is done."], control=control) as call:
        await call.until(TurnDone, count=3)

        assert "I said it is done." in call.heard
        assert len(call.facts(ApprovalTold)) == 1


async def test_a_promised_call_is_on_record_before_the_agent_speaks_of_it():
    spec = ToolSpec(name="later", description="", parameters={}, side_effects=True)
    promised = ToolResult(text="Planned.", effects=(CallBack(at=1e9, topic="my card"),))
    catalog = PlainCatalog(specs={"later": spec}, runs={"later": lambda arguments, use: promised})
    graph = scenario(agent("Ann", tools=("later",)))
    replies = [wants("later"), "We call you."]
    async with calling(replies, scenario=graph, catalog=catalog) as call:
        await call.until(TurnDone)
        call.says("call me back")
        await call.until(TurnDone, count=2)

        (requested,) = call.facts(CallbackRequested)
        kinds = [type(entry.fact) for entry in call.control.logs["call"]]
        assert (requested.at, requested.topic, requested.agent) == (1e9, "my card", "Ann")
        assert kinds.index(CallbackRequested) < kinds.index(ToolFinished)


async def test_an_agent_knows_what_it_was_briefed_about_and_still_greets():
    control = MemoryControl(GRAPH)
    fact = Briefed(text="You call back about the card.", slots={"callback_topic": "the card"})
    control.logs["call"] = [LogEntry(n=1, at=0.0, source="callback", source_id="b", fact=fact)]
    async with talking(["Hello again."], control=control) as call:
        await call.until(TurnDone)
        call.says("yes")
        await call.until(TurnDone, count=2)

        texts = [message.text for message in call.chat.requests[0].messages]
        assert call.heard.startswith("Hello from Ann.")
        assert "You call back about the card." in texts
        assert call.chat.requests[0].slots["callback_topic"] == "the card"
