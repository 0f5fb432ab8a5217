"""What is written and what is spoken of it, from the model to the caller's ear."""

import asyncio
from itertools import pairwise

import pytest

from adapters.scripted import ScriptedSpeaking
from core.agents import HandoffType, SilenceSpec
from core.chat import AgentSaid, ToolCalled
from core.facts import AgentHeard, EngineStumbled, HangUpRequested, TurnDone
from core.tools import ToolCall, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, edge, scenario
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def wish(name):
    return ToolCalled(call=ToolCall(id=name, name=name, arguments={}))


async def test_figures_are_spoken_in_words_and_kept_in_figures():
    reply = "You have **$1,250.50** in account 4127. 😀\n```json\n{}\n```\nAnything else?"
    async with calling([reply, "Fine."]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)
        call.says("no")
        await call.until(TurnDone, count=3)

        spoken = "You have one thousand two hundred fifty dollars and fifty cents in account four"
        assert f"{spoken} one two seven. Anything else?" in call.heard
        assert turn.heard == turn.reply == "You have $1,250.50 in account 4127. Anything else?"
        assert AgentSaid(text=turn.heard, agent="Ann") in call.chat.requests[-1].messages


@pytest.mark.parametrize("words", [True, False])
async def test_an_amount_that_was_cut_short_was_not_heard(words):
    reply = "Well. You have $1,250.50 in the account."
    async with calling([reply, "All right."], speaking=ScriptedSpeaking(words=words)) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(AgentHeard, count=2)
        while "two hundred" not in call.heard:
            await call.after(0.02)  # virtual: the clock jumps
        call.says("stop")
        cut = await call.until(TurnDone, count=2)

        assert cut.interrupted
        assert cut.heard in ("Well. You have", "Well. You")


async def test_the_next_piece_is_made_while_one_plays():
    slow = ScriptedSpeaking(first_audio_ms=700)
    reply = "Here is what I found. There are two accounts. Both of them are open. Shall I go on?"
    async with calling([reply], speaking=slow) as call:
        await call.until(TurnDone)
        began = call.now
        call.says("tell me")
        await call.until(TurnDone, count=2)

        times = [at for at, _ in call.wire.audio if at > began]
        assert max(b - a for a, b in pairwise(times)) < 0.021


@pytest.mark.parametrize(
    ("reply", "heard"),
    [
        ("You're welcome! :)", "You're welcome!"),
        ("Let me see.\n...\nTen.", "Let me see. Ten."),
    ],
)
async def test_what_no_voice_can_say_is_no_failure_of_the_voice(reply, heard):
    async with calling([reply]) as call:
        await call.until(TurnDone)
        call.says("thank you")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == turn.reply == heard
        assert call.facts(EngineStumbled) == []


async def test_set_words_without_letters_are_no_words_and_the_call_goes_on():
    silent = SilenceSpec(after_s=2.0, prompts=("...", "Are you there? :)"), goodbye="!")
    bob = agent("Bob", greeting="👋 Bob here.", silence=silent)
    ann = agent("Ann", greeting="👋", tools=("look",))
    edges = [edge("Ann", "Bob", HandoffType.ANNOUNCED, farewell="...")]
    look = ToolSpec(name="look", description="", parameters={}, filler="...")
    catalog = PlainCatalog(specs={"look": look}, runs={"look": lambda *_: asyncio.sleep(2, "ok")})
    replies = [[wish("look")], [wish("handoff_bob")], "So?"]
    async with calling(replies, scenario=scenario(ann, bob, edges=edges), catalog=catalog) as call:
        await call.until(TurnDone)
        call.says("cards please")
        await call.until(HangUpRequested)

        assert call.heard == (
            "Hello. How can I help you? Bob here. So? Are you still there? Are you there? "
            "I'm ending the call now, since I can't hear you. Goodbye."
        )
        assert call.facts(EngineStumbled) == []
