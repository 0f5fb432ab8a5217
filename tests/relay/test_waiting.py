"""What the caller hears while he waits, and what becomes of one who says nothing."""

import asyncio
from array import array
from itertools import pairwise

import pytest

from core.agents import HandoffType, SilenceSpec
from core.chat import ToolCalled
from core.facts import HangUpRequested, TurnDone
from core.tools import ToolCall, ToolSpec
from core.waiting_sound import WaitingSound, frames_of
from tests.relay.calls import PlainCatalog, agent, calling, edge, scenario
from tests.relay.test_handoffs import hands_over
from tests.virtual_time import VIRTUAL

WISH = [ToolCalled(call=ToolCall(id="w", name="search", arguments={}))]


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def searching(sound, seconds=4.0):
    async def search(arguments, use):
        await asyncio.sleep(seconds)
        return "found"

    spec = ToolSpec(name="search", description="", parameters={}, filler="Let me search.")
    catalog = PlainCatalog(specs={"search": spec}, runs={"search": search})
    graph = scenario(agent("Ann", tools=("search",), waiting_sound=sound))
    return {"catalog": catalog, "scenario": graph}


def sounds_between(call, began, sound):
    ours = set(frames_of(sound))
    return [at for at, pcm in call.wire.audio if at >= began and pcm in ours]


@pytest.mark.parametrize("sound", [WaitingSound.TYPING, WaitingSound.TONES])
async def test_a_quiet_sound_fills_the_wait_and_ends_when_the_agent_speaks(sound):
    async with calling([WISH, "Found it."], **searching(sound)) as call:
        await call.until(TurnDone)
        call.says("search for it")
        began = call.now
        turn = await call.until(TurnDone, count=2)

        ours = set(frames_of(sound))
        heard = [(at, pcm in ours) for at, pcm in call.wire.audio if at >= began]
        changes = [b for (_, a), (_, b) in pairwise(heard) if a != b]
        assert turn.heard == "Let me search. Found it."
        assert heard[0][1]
        assert changes == [False, True, False]  # sound, filler, sound, answer
        assert max(b - a for (a, _), (b, _) in pairwise(heard)) < 1.0


async def test_without_one_the_wait_is_silent():
    async with calling([WISH, "Found it."], **searching(WaitingSound.NONE)) as call:
        await call.until(TurnDone)
        call.says("search for it")
        began = call.now
        await call.until(TurnDone, count=2)

        assert not sounds_between(call, began, WaitingSound.TYPING)


async def test_the_sound_stops_when_the_caller_goes_on():
    sound = WaitingSound.TYPING
    async with calling([WISH, "Never mind then."], **searching(sound, 30)) as call:
        await call.until(TurnDone)
        call.says("search for it")
        await call.after(2.0)
        call.says("no wait, forget it please")
        await call.until(TurnDone, count=2)
        stopped = call.now
        await call.after(3)

        assert not sounds_between(call, stopped, sound)


def test_it_is_much_quieter_than_a_voice():
    for sound in (WaitingSound.TYPING, WaitingSound.TONES):
        samples = array("h", b"".join(frames_of(sound)))

        assert 100 < max(map(abs, samples)) < 1000
        assert frames_of(WaitingSound.NONE) == ()


async def test_an_agent_has_words_and_a_patience_of_its_own_for_silence():
    silence = SilenceSpec(after_s=4, prompts=("Take your time.",), goodbye="Good night.")
    async with calling(scenario=scenario(agent("Ann", silence=silence))) as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "silence"
        assert call.heard.endswith("Take your time. Good night.")
        assert 8 < call.now < 13


async def test_an_agent_without_prompts_says_goodbye_at_once():
    silence = SilenceSpec(after_s=4, prompts=())
    async with calling(scenario=scenario(agent("Ann", silence=silence))) as call:
        await call.until(HangUpRequested)

        assert "still there" not in call.heard
        assert call.now < 12


async def test_after_a_handoff_the_next_agents_patience_counts():
    graph = scenario(
        agent("Ann"),
        agent("Bob", silence=SilenceSpec(after_s=3, prompts=("Bob is waiting.",))),
        edges=(edge("Ann", "Bob", HandoffType.DISCRETE),),
    )
    async with calling([hands_over("Bob"), "Which card?"], scenario=graph) as call:
        await call.until(TurnDone)
        call.says("a card")
        await call.until(TurnDone, count=2)
        await call.after(5)

        assert call.heard.endswith("Which card? Bob is waiting.")
