"""A caller who speaks over the agent: who is heard, and what history remembers."""

import pytest

from adapters.scripted import ScriptedSpeaking
from core.chat import AgentSaid, UserSaid
from core.facts import AgentHeard, CallerSaid, TurnDone
from tests.relay.calls import calling
from tests.virtual_time import VIRTUAL

SPEECH_STARTS_S = 0.1  # of the scripted ears
LONG = "I can tell you a lot about that. There are many accounts. Each one has its own rules."


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_a_caller_who_interrupts_is_heard():
    async with calling([LONG, "All right."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("stop please")
        cut = await call.until(TurnDone, count=2)
        last = await call.until(TurnDone, count=3)

        assert cut.interrupted
        assert cut.heard
        assert LONG.startswith(cut.heard)
        assert cut.heard != LONG
        assert call.facts(CallerSaid)[-1] == CallerSaid(
            turn=2, text="stop please", interrupted=True
        )
        assert last.heard == "All right."


async def test_history_is_cut_at_the_last_word_heard():
    async with calling([LONG, "All right."], speaking=ScriptedSpeaking(words=True)) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("stop please")
        cut = await call.until(TurnDone, count=2)
        await call.until(TurnDone, count=3)

        history = call.chat.requests[-1].messages

        assert history[-2] == AgentSaid(text=cut.heard, agent="Ann", cut=True)
        assert history[-1] == UserSaid(text="stop please", interrupted=True)
        assert cut.heard in call.heard
        # What sounded after the last whole word is less than one word more.
        assert len(call.heard.split("All right.")[0].split("Ann.")[1].strip()) - len(cut.heard) < 12


async def test_the_far_side_is_silenced_within_a_frame_of_the_first_word():
    async with calling([LONG, "All right."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("stop please")
        began = call.now
        await call.until(TurnDone, count=2)

        (stopped,) = call.wire.stops
        sent = [at for at in call.wire.sent_at if began < at]

        # The first partial comes 300 ms into the words.
        assert stopped - began < 0.5
        assert not [at for at in sent if stopped < at < stopped + 0.4]


async def test_nothing_of_a_stopped_turn_is_heard():
    slow = ScriptedSpeaking(first_audio_ms=300, next_audio_ms=50)
    async with calling([LONG, "All right."], speaking=slow) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("stop please")
        cut = await call.until(TurnDone, count=2)
        await call.until(TurnDone, count=3)
        await call.after(5)

        before, _, after = call.heard.partition("All right.")

        assert after == ""
        assert "rules" not in before
        assert len(before) - before.index(cut.heard) - len(cut.heard) < 12


async def test_the_agent_falls_silent_as_soon_as_somebody_speaks():
    async with calling([LONG, "All right."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("stop please")
        began = call.now
        await call.until(TurnDone, count=2)

        over = max(at for at, _ in call.wire.audio if at < began + 1)

        # Before any word is known, and with nothing left to play at the far side.
        assert over - began <= SPEECH_STARTS_S + 0.04


async def test_a_cough_pauses_the_agent_who_then_goes_on():
    async with calling([LONG]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.makes_noise(300)
        turn = await call.until(TurnDone, count=2)

        gaps = [b - a for (a, _), (b, _) in zip(call.wire.audio, call.wire.audio[1:], strict=False)]

        assert turn.heard == LONG
        assert not turn.interrupted
        assert call.heard.endswith(LONG)
        assert any(0.2 < gap < 2.5 for gap in gaps)


async def test_a_caller_who_goes_on_before_the_answer_gets_one_answer_to_all_of_it():
    async with calling([[1.5, "never heard"], "Both then."]) as call:
        await call.until(TurnDone)
        call.says("my balance")
        await call.until(CallerSaid)
        call.says("and my cards")
        turn = await call.until(TurnDone, count=2)

        assert turn.turn == 1
        assert turn.caller == "my balance and my cards"
        assert turn.heard == "Both then."
        assert [m.text for m in call.chat.requests[-1].messages if isinstance(m, UserSaid)] == [
            "my balance",
            "and my cards",
        ]


async def test_words_over_the_greeting_are_a_turn_of_their_own():
    async with calling(["Yes."]) as call:
        await call.until(AgentHeard)
        call.says("hello can you hear me")
        await call.until(TurnDone, count=2)

        greeting, answer = call.facts(TurnDone)

        assert (greeting.turn, answer.turn) == (0, 1)
        assert answer.heard == "Yes."
