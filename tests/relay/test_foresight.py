"""Answers begun in a pause: used when the caller has said just that, dropped when he goes on."""

import pytest

from adapters.scripted import ScriptedChat
from core.chat import TextDelta, UserSaid
from core.endpointing import EndpointSettings
from core.errors import Cause, EngineError
from core.facts import CallerSaid, TurnDone
from core.turn import TurnSettings
from media_relay.call_settings import CallSettings
from tests.relay.calls import calling
from tests.relay.test_tools import tools, wants, with_tools
from tests.virtual_time import VIRTUAL

# Silence that leaves time between the pause and the end of a turn.
SLOW = CallSettings(endpointing=EndpointSettings(shortest_ms=900))
NEVER = CallSettings(
    endpointing=EndpointSettings(shortest_ms=900), turn=TurnSettings(think_ahead=False)
)
THINKS_S = 0.5


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def wait_of(settings: CallSettings) -> tuple[float, int, TurnDone]:
    """Return how long a caller waits for a model that takes its time, and how often it is asked."""
    chat = ScriptedChat([[THINKS_S, TextDelta(text="Ten dollars.")]])
    async with calling(chat, settings=settings) as call:
        await call.until(TurnDone)
        call.says("what is my balance", ms=600)
        began = call.now
        turn = await call.until(TurnDone, count=2)
        heard_at = next(at for at, _ in call.wire.audio if at > began)
        return heard_at - began, len(chat.requests), turn


async def test_an_answer_begun_in_the_pause_comes_sooner_and_asks_the_model_once():
    soon, asked, turn = await wait_of(SLOW)
    late, *_ = await wait_of(NEVER)

    assert late - soon > THINKS_S - 0.05
    assert asked == 1
    assert turn.heard == "Ten dollars."
    assert turn.wasted == 0


async def test_a_caller_who_goes_on_gets_an_answer_to_all_of_it_and_the_waste_is_counted():
    def answer(request):
        said = " ".join(m.text for m in request.messages if isinstance(m, UserSaid))
        return [0.3, TextDelta(text=f"You said {said}.")]

    async with calling(ScriptedChat(answer), settings=SLOW) as call:
        await call.until(TurnDone)
        call.says("what is my balance", ms=600)
        await call.after(1.0)
        call.says("today please sir", ms=600)
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "You said what is my balance today please sir."
        assert turn.wasted == 1
        assert [said.text for said in call.facts(CallerSaid)] == [
            "what is my balance today please sir"
        ]


async def test_no_tool_runs_before_the_turn_is_final():
    catalog = tools(pay_now=lambda arguments, use: "paid")

    def answer(request):
        if "paid" in str(request.messages[-1]):
            return "It is paid."
        return wants("pay_now")

    async with calling(ScriptedChat(answer), settings=SLOW, **with_tools(catalog)) as call:
        await call.until(TurnDone)
        call.says("pay ten dollars", ms=600)
        await call.after(1.3)
        asked, begun = len(call.chat.requests), list(catalog.uses)
        turn = await call.until(TurnDone, count=2)

        assert asked == 1
        assert begun == []
        assert [name for name, _ in catalog.uses] == ["pay_now"]
        assert turn.heard == "It is paid."


async def test_an_answer_begun_ahead_that_fails_is_asked_for_again():
    chat = ScriptedChat([[EngineError(cause=Cause.LOST)], "Ten dollars."])
    async with calling(chat, settings=SLOW) as call:
        await call.until(TurnDone)
        call.says("what is my balance", ms=600)
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Ten dollars."
