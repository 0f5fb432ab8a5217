"""A relay that is told to stop hands a call on when nobody speaks, if that comes in time."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, spoken
from core.facts import CallerSaid, MediaDetached, TurnDone
from media_relay.call_settings import Engines
from tests.relay.calls import MemoryControl, agent, scenario
from tests.relay.lines import calls_of, connected
from tests.virtual_time import VIRTUAL

HANDED_ON = [MediaDetached(epoch=1, reason="draining", handed_on=True)]
WITHIN_S = 8.0
PATIENT_S = 6.0  # three quarters of it


@pytest.fixture
def anyio_backend():
    return VIRTUAL


@asynccontextmanager
async def greeted(greeting_s):
    """Have a call in which the agent begins to speak, for so long; everything else is quick."""
    text = "word " * 10
    control = MemoryControl(scenario(agent("Ann", greeting=text.strip())))
    speaking = ScriptedSpeaking(ms_per_char=int(greeting_s * 1000 / len(text.strip())))
    engines = Engines(
        hearing=ScriptedHearing(), chat=ScriptedChat(lambda _: [60.0, "late"]), speaking=speaking
    )
    async with asyncio.TaskGroup() as tasks:
        calls = calls_of(control, engines, tasks)
        line = await connected(calls, "call")
        talking = tasks.create_task(line.talk(60))
        yield calls, control, line
        talking.cancel()


async def drained(calls):
    """Drain, and return how long that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await calls.drain(WITHIN_S, tell_s=1)
    return loop.time() - began


async def test_a_call_may_end_by_itself_and_is_not_handed_on():
    async with greeted(2) as (calls, control, line):
        asyncio.get_running_loop().call_later(3, line.hang_up)
        took = await drained(calls)

    assert took == pytest.approx(3, abs=0.5)
    assert control.facts(MediaDetached) == [MediaDetached(epoch=1, reason="socket closed")]


async def test_a_call_in_which_nobody_speaks_is_kept_until_it_is_time():
    async with greeted(2) as (calls, control, _):
        took = await drained(calls)

    assert took == pytest.approx(PATIENT_S, abs=0.5)
    assert control.facts(MediaDetached) == HANDED_ON


async def test_an_agent_may_finish_what_he_says():
    async with greeted(7) as (calls, control, _):
        took = await drained(calls)

    assert PATIENT_S + 0.5 < took < WITHIN_S
    assert not control.facts(TurnDone)[0].interrupted
    assert control.facts(MediaDetached) == HANDED_ON


async def test_a_caller_may_finish_what_he_says():
    async with greeted(1) as (calls, control, line):
        words = spoken("my balance", ms=1500)
        asyncio.get_running_loop().call_later(PATIENT_S - 0.5, setattr, line, "sound", words)
        took = await drained(calls)

    assert took == pytest.approx(WITHIN_S, abs=0.5)  # who has asked is to be answered
    assert [said.text for said in control.facts(CallerSaid)] == ["my balance"]
    assert control.facts(MediaDetached) == HANDED_ON


async def test_who_never_pauses_is_cut_off_in_time():
    async with greeted(30) as (calls, control, _):
        took = await drained(calls)

    assert took == pytest.approx(WITHIN_S, abs=0.5)
    assert control.facts(TurnDone)[0].interrupted
    assert control.facts(MediaDetached) == HANDED_ON
