"""What a caller hears of an ordinary conversation, and what the log says of it."""

import pytest

from core.facts import AgentHeard, CallerSaid, TurnDone
from tests.relay.calls import calling
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_a_caller_is_greeted():
    async with calling() as call:
        await call.until(TurnDone)

        assert call.heard == "Hello from Ann."
        assert call.facts(AgentHeard)[-1] == AgentHeard(
            turn=0, agent="Ann", text="Hello from Ann.", done=True
        )


async def test_what_a_caller_says_is_answered():
    async with calling(["You have ten dollars."]) as call:
        await call.until(TurnDone)
        call.says("What is my balance?")
        turn = await call.until(TurnDone, count=2)

        assert call.facts(CallerSaid) == [CallerSaid(turn=1, text="What is my balance?")]
        assert call.heard.endswith("You have ten dollars.")
        assert (turn.turn, turn.caller, turn.reply) == (
            1,
            "What is my balance?",
            "You have ten dollars.",
        )
        assert turn.heard == turn.reply
