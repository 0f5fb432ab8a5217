"""A caller who says nothing, or only makes noise."""

import pytest

from core.facts import HangUpRequested, TurnDone
from tests.relay.calls import calling
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_silence_is_asked_about_twice_and_then_the_call_ends():
    async with calling() as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "silence"
        assert call.heard.count("Are you still there?") == 1
        assert call.heard.count("I can't hear you. If you need") == 1
        assert call.heard.endswith("Goodbye.")
        assert 30 < call.now < 50


async def test_an_answer_starts_the_patience_anew():
    async with calling(["Fine.", "Fine."]) as call:
        await call.until(TurnDone)
        await call.after(25)
        call.says("I am here")
        await call.until(TurnDone, count=2)
        await call.after(25)
        call.says("still here")
        await call.until(TurnDone, count=3)

        assert call.heard.count("Are you still there?") == 2
        assert not call.facts(HangUpRequested)


async def test_noise_without_words_is_not_a_turn():
    async with calling() as call:
        await call.until(TurnDone)
        call.makes_noise(400)
        await call.after(5)

        assert call.chat.requests == []
        assert len(call.facts(TurnDone)) == 1
