"""A call goes on when an engine fails: another one does its work, and the log says so."""

import pytest

from adapters.fallback import ChatChain, HearingChain, SpeakingChain
from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking
from core.chat import TextDelta, ToolCalled
from core.errors import Cause, EngineError
from core.facts import CallerSaid, EngineStumbled, TurnDone
from core.served import Working
from core.speech import HearingFailed
from core.tools import ToolCall, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, scenario
from tests.virtual_time import VIRTUAL

DOWN = EngineError(cause=Cause.UNAVAILABLE)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def answering(text):
    return ScriptedChat(lambda request: text)


async def test_another_model_answers_and_the_turn_says_which():
    chat = ChatChain(
        [("azure_openai", ScriptedChat(lambda r: [DOWN])), ("small", answering("Ten."))]
    )
    async with calling(chat) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Ten."
        assert turn.engines == {"thinking": "small"}
        assert call.facts(EngineStumbled) == [
            EngineStumbled(engine="thinking", cause="unavailable", name="azure_openai")
        ]


async def test_the_caller_hears_at_most_a_filler_while_a_stalled_model_is_replaced():
    stalled = ScriptedChat(lambda r: [60.0, TextDelta(text="late")])
    chat = ChatChain([("a", stalled), ("b", ScriptedChat(lambda r: [1.0, TextDelta(text="Ten.")]))])
    async with calling(chat) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
        began = call.now
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "One moment, please. Ten."
        assert call.now - began < 6


async def test_the_last_engine_has_as_long_as_if_it_were_the_only_one():
    stalled = ScriptedChat(lambda r: [60.0, TextDelta(text="late")])
    slow = ScriptedChat(lambda r: [7.0, TextDelta(text="Ten.")])
    async with calling(ChatChain([("a", stalled), ("b", slow)])) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "One moment, please. Ten."
        assert turn.engines == {"thinking": "b"}


async def test_so_has_the_last_voice():
    stuck = ScriptedSpeaking(first_audio_ms=60_000)
    late = ScriptedSpeaking(first_audio_ms=4_500)
    async with calling(speaking=SpeakingChain([("a", stuck), ("b", late)])) as call:
        first = await call.until(TurnDone)

        assert first.heard == "Hello from Ann."
        assert first.engines == {"speaking": "b"}
        assert len(late.said) == 1


async def test_a_long_tool_call_is_no_stall_however_slowly_it_is_written():
    """70 tokens at 20 a second are 3.5 s in which a model tells nothing."""
    wish = ToolCalled(call=ToolCall(id="a", name="note", arguments={}))
    writing = [step for _ in range(20) for step in (0.5, Working())]
    slow = ScriptedChat([[*writing, wish], "Noted."])
    other = answering("I am another.")
    catalog = PlainCatalog(
        specs={"note": ToolSpec(name="note", description="", parameters={})},
        runs={"note": lambda arguments, use: "done"},
    )
    async with calling(
        ChatChain([("a", slow), ("b", other)]),
        scenario=scenario(agent("Ann", tools=("note",))),
        catalog=catalog,
    ) as call:
        await call.until(TurnDone)
        call.says("note this please")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "One moment, please. Noted."
        assert [tool.name for tool in turn.tools] == ["note"]
        assert other.requests == []
        assert call.facts(EngineStumbled) == []


async def test_a_reply_that_broke_off_ends_with_an_apology_and_is_not_said_twice():
    breaking = ScriptedChat(lambda r: [TextDelta(text="You have ten dollars. And "), DOWN])
    chat = ChatChain([("a", breaking), ("b", answering("You have ten dollars."))])
    async with calling(chat) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard.count("ten dollars") == 1
        assert "something went wrong" in turn.heard


async def test_another_voice_speaks_when_the_first_cannot():
    speaking = SpeakingChain(
        [("azure", ScriptedSpeaking(failures=[DOWN] * 9)), ("embedded", ScriptedSpeaking())]
    )
    async with calling(["Ten dollars."], speaking=speaking) as call:
        first = await call.until(TurnDone)

        assert first.heard == "Hello from Ann."
        assert first.engines == {"speaking": "embedded"}


async def test_what_was_being_said_when_the_ears_failed_is_heard_by_the_next_ones():
    azure, embedded = ScriptedHearing(), ScriptedHearing()
    hearing = HearingChain([("azure", azure), ("embedded", embedded)])
    async with calling(["Yes."], hearing=hearing, hearing_tries=3) as call:
        await call.until(TurnDone)
        call.says("what is my balance please")
        await call.after(0.6)
        azure.streams[0].emit(HearingFailed(error=DOWN))
        turn = await call.until(TurnDone, count=2)

        assert turn.caller == "what is my balance please"
        assert turn.engines == {"hearing": "embedded"}
        assert len(azure.streams) == 1


async def test_what_was_said_while_a_line_never_came_up_is_heard_by_the_next_ones():
    deaf = ScriptedHearing(onset_ms=10**6)  # takes audio and tells nothing
    hearing = HearingChain([("azure", deaf), ("embedded", ScriptedHearing())])
    async with calling(["Yes."], hearing=hearing, hearing_tries=3) as call:
        await call.until(TurnDone)
        call.says("what is my balance")
        await call.after(2.5)
        deaf.streams[0].emit(HearingFailed(error=EngineError(cause=Cause.TIMEOUT)))
        turn = await call.until(TurnDone, count=2)

        assert turn.caller == "what is my balance"


async def test_ears_that_fail_one_after_the_other_come_round_again():
    first, second = ScriptedHearing(), ScriptedHearing()
    hearing = HearingChain([("a", first), ("b", second)])
    async with calling(["Yes."], hearing=hearing, hearing_tries=3) as call:
        await call.until(TurnDone)
        first.streams[0].emit(HearingFailed(error=DOWN))
        await call.after(0.1)
        second.streams[0].emit(HearingFailed(error=DOWN))
        call.says("are you there")
        turn = await call.until(TurnDone, count=2)

        assert len(first.streams) == 2
        assert turn.heard == "Yes."
        assert turn.engines == {}
