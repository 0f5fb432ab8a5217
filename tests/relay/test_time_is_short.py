"""Before a call is cut for its length, the caller is told, when nobody speaks."""

import pytest

from core.facts import TurnDone
from core.phrases import PHRASES
from tests.relay.calls import agent, calling, scenario, told
from tests.virtual_time import VIRTUAL

SHORT = PHRASES["en"].time_is_short
ONE = scenario(agent("Ann"))


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_the_caller_is_told_in_a_turn_of_its_own():
    async with calling(scenario=ONE) as call:
        await call.until(TurnDone)
        await call.silence()

        call.session.obey(told("time_is_short"))
        turn = await call.until(TurnDone, count=2)

        assert (turn.caller, turn.heard) == ("", SHORT)


async def test_a_caller_who_speaks_is_answered_first():
    async with calling(["Ten dollars."], scenario=ONE) as call:
        await call.until(TurnDone)
        await call.silence()
        call.says("what is my balance please")
        await call.after(0.2)

        call.session.obey(told("time_is_short"))
        turns = [await call.until(TurnDone, count=n) for n in (2, 3)]

        assert [turn.heard for turn in turns] == ["Ten dollars.", SHORT]
