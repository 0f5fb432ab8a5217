"""What telemetry tells of a call: spans that add up to the wait, and nothing of what was said."""

import asyncio
import re
from itertools import pairwise

import pytest

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.chat import Finished, TextDelta, ToolCalled
from core.errors import Cause, EngineError
from core.facts import ToolFinished, TurnDone
from core.tools import ToolCall, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, scenario
from tests.relay.kept_telemetry import Kept, ms
from tests.virtual_time import VIRTUAL

CALL_ID = "6f1f4a52-7c1e-5e2a-9a53-0f3b8f0c2d11"


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def asked_for_a_balance(kept):
    """A call with a greeting and a turn that needs a tool; return what the caller waited."""

    async def look_up(arguments, use):
        await asyncio.sleep(0.7)
        return "ten dollars"

    wish = ToolCalled(call=ToolCall(id="a", name="balance", arguments={"account": "4417"}))
    catalog = PlainCatalog(
        specs={"balance": ToolSpec(name="balance", description="", parameters={})},
        runs={"balance": look_up},
    )
    done = Finished(input_tokens=120, output_tokens=8)
    async with calling(
        [[0.3, wish], [0.2, TextDelta(text="Ten dollars."), done]],
        scenario=scenario(agent("Ann", tools=("balance",))),
        catalog=catalog,
        hearing=ScriptedHearing(delay_s=0.12),
        speaking=ScriptedSpeaking(first_audio_ms=90),
        telemetry=kept.telemetry,
        call_id=CALL_ID,
    ) as call:
        await call.until(TurnDone)
        sent_before = len(call.wire.sent_at)
        call.says("my balance please", ms=600)
        ends = call.now + 0.6
        await call.until(ToolFinished)
        await call.until(TurnDone, count=2)
        return (call.wire.sent_at[sent_before] - ends) * 1000


async def test_the_parts_of_a_turn_lie_end_to_end_and_add_up_to_what_the_caller_waited():
    kept = Kept()
    waited = await asked_for_a_balance(kept)

    turn = kept.spans("turn")[-1]
    parts = kept.parts(turn)

    assert [span.name for span in parts] == [
        "turn.endpointing",
        "turn.stt",
        "turn.llm",
        "turn.tools",
        "turn.tts",
    ]
    for before, after in pairwise(parts):
        assert after.start_time == pytest.approx(before.end_time, abs=2_000)
    assert sum(map(ms, parts)) == pytest.approx(turn.attributes["turn.total_latency_ms"], abs=0.1)
    assert turn.attributes["turn.total_latency_ms"] == pytest.approx(waited, abs=21)  # a frame
    assert turn.attributes["turn.tools.latency_ms"] == pytest.approx(700, abs=1)


async def test_a_tool_is_a_span_of_its_own_where_it_ran():
    kept = Kept()
    await asked_for_a_balance(kept)

    (tool,) = kept.spans("execute_tool balance")
    turn = kept.spans("turn")[-1]

    assert tool.parent.span_id == turn.context.span_id
    assert ms(tool) == pytest.approx(700, abs=2)
    assert turn.start_time <= tool.start_time <= tool.end_time <= turn.end_time


async def test_all_of_a_call_is_one_trace_named_like_the_call():
    kept = Kept()
    await asked_for_a_balance(kept)

    traces = {span.context.trace_id for span in kept.exporter.get_finished_spans()}

    assert traces == {int(CALL_ID.replace("-", ""), 16)}


async def test_figures_of_turns_carry_the_names_that_dashboards_know():
    kept = Kept()
    await asked_for_a_balance(kept)

    points = kept.points()
    tokens = {
        point["attributes"]["gen_ai.token.type"]: point["sum"]
        for point in points["gen_ai.client.token.usage"]
    }

    assert tokens == {"input": 120, "output": 8}
    assert sum(point["value"] for point in points["turn.count"]) == 2
    assert (
        sum(point["count"] for point in points["turn.total_latency"]) == 1
    )  # nobody waits to be greeted
    assert {"turn.total_latency", "turn.stt.latency", "turn.llm.ttfb", "turn.tts.ttfb"} <= set(
        points
    )


async def test_nothing_that_was_said_and_no_number_leaves_with_telemetry():
    kept = Kept()
    await asked_for_a_balance(kept)

    told = "".join(span.to_json() for span in kept.exporter.get_finished_spans())
    told += kept.reader.get_metrics_data().to_json()

    for private in ("balance please", "dollars", "Hello", "+1555"):
        assert private not in told
    # Alone: the nanoseconds of a time may hold these digits too.
    assert not re.search(r"(?<![\w.])4417(?![\w.])", told)


async def test_an_engine_that_stumbles_is_counted():
    kept = Kept()
    broken = ScriptedSpeaking(failures=[EngineError(cause=Cause.UNAVAILABLE)] * 9)
    async with calling(["Ten dollars."], speaking=broken, telemetry=kept.telemetry) as call:
        await call.after(3)

    counted = kept.points()["engine.stumbles"]

    assert {point["attributes"]["engine"] for point in counted} == {"speaking"}
    assert kept.spans("stumble speaking")
