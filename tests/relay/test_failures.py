"""Engines that fail are heard as an apology, never as silence."""

import asyncio

import pytest

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.chat import TextDelta
from core.errors import Cause, EngineError, EngineFailed
from core.facts import CallerSaid, EngineStumbled, HangUpRequested, TurnDone
from core.speech import FRAME_BYTES, HearingFailed
from tests.relay.calls import PlainCatalog, calling
from tests.virtual_time import VIRTUAL

NOISE = b"\x00\x20" * (FRAME_BYTES // 2)
DOWN = EngineError(cause=Cause.UNAVAILABLE)
BAD = EngineError(cause=Cause.BAD_REQUEST)


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_a_model_that_fails_is_heard_as_an_apology():
    async with calling([[BAD], "Now it works."]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)
        call.says("my balance")
        again = await call.until(TurnDone, count=3)

        assert "something went wrong" in turn.heard
        assert call.facts(EngineStumbled) == [
            EngineStumbled(engine="thinking", cause="bad_request", spoken=True)
        ]
        assert again.heard == "Now it works."


class Unrenderable(PlainCatalog):
    """Its prompts use what is not there."""

    def system(self, scene):
        raise EngineFailed(BAD)


async def test_a_prompt_that_cannot_be_rendered_is_the_fault_of_nobody_else():
    async with calling(["Never heard."], catalog=Unrenderable()) as call:
        await call.until(TurnDone)
        call.says("what is my balance")
        turn = await call.until(TurnDone, count=2)
        frames = call.frames
        await call.after(1)

        assert "something went wrong" in turn.heard
        assert {fact.engine for fact in call.facts(EngineStumbled)} == {"thinking"}
        assert len(call.hearing.streams) == 1
        assert call.frames > frames  # the microphone's socket is as it was


async def test_a_model_that_was_only_away_is_asked_again():
    async with calling([[DOWN], "Ten dollars."]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == "Ten dollars."


async def test_a_model_that_stalls_is_bridged_and_then_apologised_for():
    async with calling([[60.0, "never"]]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
        began = call.now
        turn = await call.until(TurnDone, count=2)

        assert turn.heard.startswith("One moment, please.")
        assert "something went wrong" in turn.heard
        assert call.now - began < 16


async def test_a_model_that_breaks_off_is_heard_with_an_apology():
    async with calling([[TextDelta(text="You have ten dollars. And "), BAD]]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard.startswith("You have ten dollars.")
        assert "something went wrong" in turn.heard


async def test_a_model_that_says_nothing_is_not_silence():
    async with calling([""]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert "didn't get that" in turn.heard


async def test_a_model_that_always_fails_ends_the_call_with_words():
    async with calling(lambda request: [BAD]) as call:
        for n in range(3):
            await call.until(TurnDone, count=n + 1)
            call.says("my balance")
        ended = await call.until(HangUpRequested)

        assert ended.by == "fault"
        assert call.heard.count("something went wrong") == 2
        assert call.heard.endswith("Please call again later. Goodbye.")


async def test_a_piece_that_cannot_be_spoken_is_tried_again():
    speaking = ScriptedSpeaking(failures=[DOWN])
    async with calling(speaking=speaking) as call:
        turn = await call.until(TurnDone)

        assert turn.heard == "Hello from Ann."


async def test_a_voice_that_fails_twice_apologises_when_it_is_back():
    speaking = ScriptedSpeaking(failures=[None, DOWN, DOWN])
    async with calling(["Ten dollars."], speaking=speaking) as call:
        await call.until(TurnDone)
        call.says("my balance")
        turn = await call.until(TurnDone, count=2)

        assert "something went wrong" in turn.heard
        assert "Ten" not in call.heard


async def test_a_voice_that_is_gone_ends_the_call():
    speaking = ScriptedSpeaking(failures=[BAD] * 20)
    async with calling(speaking=speaking) as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "fault"
        assert await call.ended == "hung up"


async def test_a_voice_that_stalls_is_given_up():
    speaking = ScriptedSpeaking(first_audio_ms=60_000)
    async with calling(speaking=speaking) as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "fault"
        assert call.now < 40


async def test_a_voice_that_stalls_in_mid_sentence_is_not_silence():
    speaking = ScriptedSpeaking(next_audio_ms=60_000)
    async with calling(speaking=speaking) as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "fault"
        assert call.now < 40


async def test_ears_that_drop_dead_are_replaced():
    hearing = ScriptedHearing()
    async with calling(["Yes."], hearing=hearing) as call:
        await call.until(TurnDone)
        hearing.streams[0].emit(HearingFailed(error=DOWN))
        call.says("are you there")
        turn = await call.until(TurnDone, count=2)

        assert len(hearing.streams) == 2
        assert turn.heard == "Yes."


async def test_words_that_were_said_while_the_ears_died_are_heard_by_the_next():
    hearing = ScriptedHearing()
    async with calling(["Yes."], hearing=hearing) as call:
        await call.until(TurnDone)
        call.says("what is my balance please")
        await call.after(0.6)
        hearing.streams[0].emit(HearingFailed(error=DOWN))
        turn = await call.until(TurnDone, count=2)

        assert turn.caller == "what is my balance please"
        assert turn.heard == "Yes."


async def test_what_was_understood_before_the_ears_died_is_not_heard_twice():
    hearing = ScriptedHearing()
    async with calling(["Yes.", "Again?"], hearing=hearing) as call:
        await call.until(TurnDone)
        call.says("what is my balance")
        await call.until(CallerSaid)
        hearing.streams[0].emit(HearingFailed(error=DOWN))
        await call.until(TurnDone, count=2)
        await call.after(5)

        assert [said.text for said in call.facts(CallerSaid)] == ["what is my balance"]


class DeafAtFirst(ScriptedHearing):
    """Ears whose first stream makes noise of every word."""

    async def open(self, config):
        stream = await super().open(config)
        if len(self.streams) == 1:
            hear = stream.push
            stream.push = lambda pcm: hear(NOISE if any(pcm) else pcm)
        return stream


async def test_words_that_dead_ears_took_for_noise_are_heard_by_the_next():
    hearing = DeafAtFirst()
    async with calling(["Yes."], hearing=hearing) as call:
        await call.until(TurnDone)
        call.says("what is my balance")
        await call.after(2.5)  # the turn is long over
        hearing.streams[0].emit(HearingFailed(error=DOWN))
        turn = await call.until(TurnDone, count=2)

        assert turn.caller == "what is my balance"


async def test_a_caller_who_cannot_be_heard_at_all_is_told_so():
    hearing = ScriptedHearing(failures=[DOWN, DOWN])
    async with calling(hearing=hearing) as call:
        ended = await call.until(HangUpRequested)

        assert ended.by == "fault"
        assert "technical problem" in call.heard
        assert [fact.engine for fact in call.facts(EngineStumbled)] == ["hearing", "hearing"]


class SlowToReopen(ScriptedHearing):
    """Ears whose second stream takes its time."""

    async def open(self, config):
        if self.streams:
            await asyncio.sleep(4)
        return await super().open(config)


async def test_a_noise_in_which_the_ears_fail_does_not_silence_the_agent():
    hearing = SlowToReopen()
    reply = "You have ten dollars and fifty cents in your account, and two cards that expire soon."
    async with calling([reply], hearing=hearing) as call:
        await call.until(TurnDone)
        call.says("what is my balance")
        await call.until(CallerSaid)
        await call.after(1)
        call.makes_noise(400)
        await call.after(0.3)
        hearing.streams[0].emit(HearingFailed(error=DOWN))
        done = await call.until(TurnDone, count=2)

        assert (done.heard, done.interrupted) == (reply, False)
