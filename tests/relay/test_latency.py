"""Where the milliseconds of a turn go: the parts add up to what the caller waited."""

import pytest

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.chat import TextDelta, ToolCalled
from core.facts import TurnDone
from core.tools import ToolCall, ToolSpec
from core.turn import TurnSettings
from media_relay.call_settings import CallSettings
from tests.relay.calls import PlainCatalog, agent, calling, scenario
from tests.virtual_time import VIRTUAL

# What a model does ahead of the turn's end is no part of the wait.
IN_TURN = CallSettings(turn=TurnSettings(think_ahead=False))


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def total(latency):
    return (
        latency.stt
        + latency.llm_first_token
        + latency.tool
        + latency.tts_first_audio
        + latency.sent
    )


async def test_the_parts_of_a_turn_add_up_to_the_wait():
    async with calling(
        [[0.4, TextDelta(text="Ten dollars."), 0.1]],
        hearing=ScriptedHearing(delay_s=0.12),
        speaking=ScriptedSpeaking(first_audio_ms=90),
        settings=IN_TURN,
    ) as call:
        await call.until(TurnDone)
        sent_before = len(call.wire.sent_at)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        latency = turn.latency
        waited = call.wire.sent_at[sent_before] - float(latency.heard_until)

        assert latency.stt == pytest.approx(120, abs=1)
        assert latency.llm_first_token == pytest.approx(400, abs=1)
        assert latency.tts_first_audio == pytest.approx(190, abs=1)  # the sentence ends 0.1 s later
        assert latency.tool == 0
        assert total(latency) == pytest.approx(waited * 1000, abs=0.01)


async def test_the_time_in_tools_has_its_own_part():
    async def look_up(arguments, use):
        import asyncio

        await asyncio.sleep(0.7)
        return "ten dollars"

    catalog = PlainCatalog(
        specs={"balance": ToolSpec(name="balance", description="", parameters={})},
        runs={"balance": look_up},
    )
    wish = ToolCalled(call=ToolCall(id="a", name="balance", arguments={}))
    async with calling(
        [[0.3, wish], [0.2, TextDelta(text="Ten dollars.")]],
        scenario=scenario(agent("Ann", tools=("balance",))),
        catalog=catalog,
        settings=IN_TURN,
    ) as call:
        await call.until(TurnDone)
        sent_before = len(call.wire.sent_at)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        latency = turn.latency
        waited = call.wire.sent_at[sent_before] - float(latency.heard_until)

        assert latency.tool == pytest.approx(700, abs=1)
        assert latency.llm_first_token == pytest.approx(500, abs=1)
        assert total(latency) == pytest.approx(waited * 1000, abs=0.01)
