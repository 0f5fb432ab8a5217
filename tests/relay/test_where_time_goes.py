"""Replies that are given up, callers who leave, tools that are late: their time is not lost.

And it is put down to what was waited for.
"""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fallback import ChatChain
from adapters.scripted import ScriptedChat, ScriptedSpeaking
from core.chat import Finished, TextDelta, ToolCalled
from core.errors import Cause, EngineError, EngineFailed
from core.facts import CallerSaid, ToolFinished, ToolStarted, TurnDone
from core.measured import total_ms
from core.speech import FinalHeard, SpokenAudio
from core.tools import ToolCall, ToolSpec
from core.turn import Purpose, TurnSettings
from media_relay.call_settings import CallSettings
from media_relay.turn_record import Decided, Marks
from tests.relay.calls import PlainCatalog, agent, calling, scenario
from tests.relay.kept_telemetry import Kept, ms
from tests.virtual_time import VIRTUAL

IN_TURN = CallSettings(turn=TurnSettings(think_ahead=False))
DOWN = EngineError(cause=Cause.UNAVAILABLE)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def slow_tool(seconds):
    """A catalog with a tool that takes its time, an agent who has it, and a wish for it."""

    async def look_up(arguments, use):
        await asyncio.sleep(seconds)
        return "ten dollars"

    catalog = PlainCatalog(
        specs={"balance": ToolSpec(name="balance", description="", parameters={})},
        runs={"balance": look_up},
    )
    wish = ToolCalled(call=ToolCall(id="a", name="balance", arguments={}))
    return catalog, scenario(agent("Ann", tools=("balance",))), wish


# --- the right part ------------------------------------------------------------------------------


async def test_an_answer_to_corrected_words_is_timed_from_when_they_were_known():
    replies = [[TextDelta(text="One."), 60.0], [0.4, TextDelta(text="Two.")]]
    voice = ScriptedSpeaking(first_audio_ms=1_000)
    async with calling(replies, speaking=voice, settings=IN_TURN) as call:
        await call.until(TurnDone)
        call.hearing.delay_s = 999
        ears = call.hearing.streams[-1]
        call.says("my balance please", ms=600)
        await call.until(CallerSaid)  # a guess, since no final comes
        guessed = call.now
        await call.after(0.5)
        ears.emit(FinalHeard(text="my other balance", start_ms=0, end_ms=1, decided_ms=1))
        turn = await call.until(TurnDone, count=2)

        assert (turn.caller, turn.reply) == ("my other balance", "Two.")
        latency = turn.latency
        decided = float(latency.heard_until)
        assert latency.stt == pytest.approx((guessed + 0.5 - decided) * 1000, abs=1)
        assert latency.llm_first_token == pytest.approx(400, abs=1)
        assert latency.tts_first_audio == pytest.approx(1_000, abs=1)
        assert latency.sent == pytest.approx(0, abs=1)


class BreakingVoice(ScriptedSpeaking):
    """A voice that falls silent within the first frame of one text."""

    async def speak(self, text, voice):
        if text != "Ten dollars.":
            async for event in super().speak(text, voice):
                yield event
            return
        await asyncio.sleep(0.2)
        yield SpokenAudio(pcm=bytes(100))
        await asyncio.sleep(0.8)
        raise EngineFailed(DOWN)


async def test_the_time_of_a_voice_that_failed_is_the_voices_not_the_playouts():
    voice = BreakingVoice(first_audio_ms=90)
    async with calling([[0.4, TextDelta(text="Ten dollars.")]], speaking=voice) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert "sorry" in turn.heard.lower()
        assert turn.latency.tts_first_audio == pytest.approx(1_090, abs=1)
        assert turn.latency.sent == pytest.approx(0, abs=1)


MOMENTS = st.sampled_from(["correct", "answer", "apology", "reprompt", "words", "tool", "audio"])


@given(st.lists(st.tuples(MOMENTS, st.floats(0.001, 5))), st.floats(0, 2))
def test_whatever_happens_before_the_first_frame_the_parts_are_the_whole_wait(moments, endpointing):
    now = endpointing
    marks = Marks(spoken=0.0, decided=now, text=now)
    for moment, later in moments:
        now += later
        match moment:
            case "correct":
                marks.corrected = now
            case "words":
                marks.words_known(now)
            case "tool":
                marks.waited(later)
            case "audio":
                marks.audio = marks.audio or now
            case purpose:
                marks.begin_anew(Purpose(purpose), Decided(), now)
    unheard = marks.latency(now + 1)
    marks.sent = now + 1
    heard = marks.latency()

    assert total_ms(heard) == pytest.approx((now + 1) * 1000, abs=0.01)
    assert heard == unheard
    assert min(heard.stt, heard.llm_first_token, heard.tool, heard.tts_first_audio, heard.sent) >= 0


# --- nothing is lost -----------------------------------------------------------------------------


async def test_a_caller_who_hangs_up_while_he_waits_is_measured_as_one():
    kept = Kept()
    reply = [[60.0, TextDelta(text="Ten.")]]
    async with calling(reply, settings=IN_TURN, telemetry=kept.telemetry) as call:
        await call.until(TurnDone)
        call.says("my balance", ms=600)
        spoken = call.now + 0.6
        await call.until(CallerSaid)
        await call.after(2)
        waited = (call.now - spoken) * 1000
        call.session.on_closed("socket closed")
        await call.after(1)

        assert len(call.facts(TurnDone)) == 1  # another relay may answer yet

    turn = kept.spans("turn")[-1]
    (counted,) = kept.points()["turn.unanswered.wait"]
    assert turn.attributes["turn.left"] == counted["attributes"]["turn.left"] == "socket closed"
    assert turn.attributes["turn.waited_ms"] == pytest.approx(waited, abs=21)  # a frame
    assert counted["sum"] == pytest.approx(waited, abs=21)
    assert sum(map(ms, kept.parts(turn))) == pytest.approx(waited, abs=21)
    assert kept.parts(turn)[-1].name == "turn.llm"
    assert "turn.total_latency_ms" not in turn.attributes
    assert "turn.total_latency" not in kept.points()


async def test_who_leaves_before_he_is_greeted_has_waited_for_no_answer():
    kept = Kept()
    voice = ScriptedSpeaking(first_audio_ms=60_000)
    async with calling(speaking=voice, telemetry=kept.telemetry) as call:
        await call.after(1)

    assert "turn.unanswered.wait" not in kept.points()


async def test_a_tool_that_finishes_after_the_last_turn_is_in_the_trace():
    kept = Kept()
    catalog, who, wish = slow_tool(3)
    async with calling([[wish]], scenario=who, catalog=catalog, telemetry=kept.telemetry) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(ToolStarted)
        await call.after(0.5)
        call.session.on_closed("socket closed")
        await call.until(ToolFinished)

    (tool,) = kept.spans("execute_tool balance")
    (whole,) = kept.spans("call")
    assert ms(tool) == pytest.approx(3_000, abs=1)
    assert tool.parent.span_id == whole.context.span_id
    assert tool.attributes["turn.number"] == 1


async def test_a_tool_that_outlives_its_turn_is_not_put_into_the_next_one():
    kept = Kept()
    catalog, who, wish = slow_tool(6)
    async with calling(
        [[wish], "Hello again."], scenario=who, catalog=catalog, telemetry=kept.telemetry
    ) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.after(3)  # he hears a filler by now
        call.says("wait, something else please")
        await call.until(TurnDone, count=3)
        await call.until(ToolFinished)

    (tool,) = kept.spans("execute_tool balance")
    (whole,) = kept.spans("call")
    assert tool.parent.span_id == whole.context.span_id
    assert tool.attributes["turn.number"] == 1


# --- requests to models --------------------------------------------------------------------------


async def test_tokens_count_though_nobody_heard_the_answer():
    kept = Kept()
    reply = [TextDelta(text="Ten."), Finished(input_tokens=120, output_tokens=8)]
    voice = ScriptedSpeaking()
    async with calling([reply], speaking=voice, telemetry=kept.telemetry) as call:
        await call.until(TurnDone)
        voice.first_audio_ms = 4_000
        call.says("my balance")
        await call.until(CallerSaid)
        await call.after(1)
        call.session.on_closed("socket closed")

    points = kept.points()["gen_ai.client.token.usage"]
    tokens = {point["attributes"]["gen_ai.token.type"]: point["sum"] for point in points}
    assert tokens == {"input": 120, "output": 8}


async def test_every_request_of_a_turn_is_a_span_with_its_end_and_its_cost():
    kept = Kept()
    catalog, who, wish = slow_tool(0.5)
    first = [0.3, wish, Finished(reason="tool_calls", input_tokens=100, output_tokens=5)]
    second = [0.2, TextDelta(text="Ten."), 0.6, Finished(input_tokens=150, output_tokens=3)]
    async with calling(
        [first, second],
        scenario=who,
        catalog=catalog,
        speaking=ScriptedSpeaking(first_audio_ms=90),
        settings=IN_TURN,
        telemetry=kept.telemetry,
    ) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(TurnDone, count=2)

    turn = kept.spans("turn")[-1]
    asked, told = kept.spans("chat")
    assert {span.parent.span_id for span in (asked, told)} == {turn.context.span_id}
    assert [ms(asked), ms(told)] == pytest.approx([300, 800], abs=1)
    assert asked.attributes["gen_ai.provider.name"] == "ScriptedChat"
    assert asked.attributes["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert told.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert told.attributes["gen_ai.usage.input_tokens"] == 150
    assert told.attributes["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.2, abs=0.001)
    assert turn.attributes["turn.llm.total_ms"] == pytest.approx(1_100, abs=1)
    assert turn.attributes["turn.tts.total_ms"] == pytest.approx(90, abs=1)
    (took,) = kept.points()["gen_ai.client.operation.duration"]
    assert (took["count"], took["sum"]) == (2, pytest.approx(1.1, abs=0.001))
    assert took["explicit_bounds"][:2] == [0.01, 0.02]


async def test_each_model_of_a_chain_has_its_own_span_and_the_failure_is_the_firsts():
    kept = Kept()
    chat = ChatChain(
        [("a", ScriptedChat(lambda r: [0.4, DOWN])), ("b", ScriptedChat(lambda r: "Ten."))]
    )
    async with calling(chat, settings=IN_TURN, telemetry=kept.telemetry) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(TurnDone, count=2)

    failed, told = kept.spans("chat")
    assert failed.attributes["error.type"] == "unavailable"
    assert not failed.status.is_ok
    assert ms(failed) == pytest.approx(400, abs=1)
    assert "error.type" not in told.attributes


async def test_a_request_that_the_caller_speaks_over_is_cancelled_not_failed():
    kept = Kept()
    long = [TextDelta(text="A long answer. "), 30.0, TextDelta(text="And more.")]
    async with calling([long, "Yes."], settings=IN_TURN, telemetry=kept.telemetry) as call:
        await call.until(TurnDone)
        call.says("tell me all")
        await call.after(2.2)
        call.says("stop, please stop")
        await call.until(TurnDone, count=3)

    first, cut, _ = kept.spans("turn")
    stopped, _ = kept.spans("chat")
    assert first.attributes["turn.number"] == 0
    assert stopped.parent.span_id == cut.context.span_id
    assert stopped.attributes["error.type"] == "cancelled"
    assert stopped.status.is_ok
