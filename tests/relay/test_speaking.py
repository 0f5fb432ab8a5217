"""What is written and what is spoken of it, from the model to the caller's ear."""

from itertools import pairwise

import pytest

from adapters.scripted import ScriptedSpeaking
from core.chat import AgentSaid
from core.facts import AgentHeard, TurnDone
from tests.relay.calls import calling
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


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
