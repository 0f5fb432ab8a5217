"""A caller who speaks over the agent: who is heard, and what history remembers."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.scripted import ScriptedChat, ScriptedSpeaking
from core.agents import HandoffType, SpeechSpec
from core.chat import AgentSaid, TextDelta, ToolCalled, UserSaid
from core.facts import AgentHeard, CallerSaid, TurnDone
from core.tools import ToolCall
from core.turn import TurnSettings
from media_relay.call_settings import CallSettings
from tests.relay.calls import agent, calling, edge, scenario
from tests.virtual_time import VIRTUAL, VirtualTimeLoop

SPEECH_STARTS_S = 0.1  # of the scripted ears
CUT_WORD = 14  # letters of a word that was stopped in the middle, and spaces
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
        assert history[-1] == UserSaid(text="stop please")
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


QUESTION = "Shall I open an account for you? It takes a minute, and it costs nothing at all."


async def test_somebody_who_only_listens_does_not_stop_the_agent():
    async with calling([LONG]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("mhm okay")
        began = call.now
        turn = await call.until(TurnDone, count=2)

        played = [at for at, _ in call.wire.audio if at > began - 0.5]
        gaps = [b - a for a, b in itertools.pairwise(played)]

        assert turn.heard == LONG
        assert not turn.interrupted
        assert len(call.facts(CallerSaid)) == 1
        # He pauses for the sound of it, and goes on as soon as it is over.
        assert 0.3 < max(gaps) < 1.0


async def test_somebody_who_agrees_at_length_does_not_stop_the_agent_either():
    async with calling([LONG]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("of course, I understand", ms=1_500)
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == LONG
        assert not turn.interrupted
        assert len(call.facts(CallerSaid)) == 1


async def test_somebody_who_only_listens_while_the_answer_is_made_changes_nothing():
    async with calling([[1.5, TextDelta(text=LONG)]]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(CallerSaid)
        call.says("okay")
        turn = await call.until(TurnDone, count=2)

        assert turn.heard == LONG
        assert turn.caller == "tell me about accounts"
        assert len(call.chat.requests) == 1


async def test_yes_is_taken_while_an_answer_is_made_if_the_agent_had_asked():
    async with calling([QUESTION, [2.5, TextDelta(text="Never heard.")], "Done."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(TurnDone, count=2)
        call.says("well let me see")
        await call.until(CallerSaid, count=2)
        call.says("yes")
        turn = await call.until(TurnDone, count=3)

        assert turn.caller == "well let me see yes"
        assert turn.heard == "Done."


async def test_yes_to_a_question_is_an_answer_though_the_agent_talks_on():
    async with calling([QUESTION, "Done."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.says("yes")
        cut = await call.until(TurnDone, count=2)
        await call.until(TurnDone, count=3)

        assert cut.interrupted
        assert call.facts(CallerSaid)[-1].text == "yes"


async def test_an_agent_may_ask_for_more_words_to_be_interrupted_or_listen_to_every_one():
    patient = scenario(agent("Ann", speech=SpeechSpec(barge_in_words=3)))
    eager = scenario(agent("Ann", speech=SpeechSpec(backchannels=False)))
    heard = []
    for graph, words in ((patient, "hold on"), (patient, "hold on please sir"), (eager, "okay")):
        async with calling([LONG, "Yes?"], scenario=graph) as call:
            await call.until(TurnDone)
            call.says("tell me about accounts")
            await call.until(AgentHeard, count=3)
            call.says(words)
            turn = await call.until(TurnDone, count=2)
            heard.append(turn.interrupted)

    assert heard == [False, True, True]


async def test_speech_without_words_interrupts_only_when_it_lasts():
    patient = CallSettings(turn=TurnSettings(barge_in_s=1.5))
    async with calling([LONG, "Yes?"], settings=patient) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.makes_noise(1_200)
        turn = await call.until(TurnDone, count=2)

    assert not turn.interrupted


async def test_an_agent_who_was_cut_by_a_noise_and_asks_again_remembers_both():
    async with calling([LONG, "Fine."]) as call:
        await call.until(TurnDone)
        call.says("tell me about accounts")
        await call.until(AgentHeard, count=3)
        call.makes_noise(1_500)
        cut = await call.until(TurnDone, count=2)
        await call.after(6)
        call.says("I am here")
        await call.until(TurnDone, count=3)

        said = [m for m in call.chat.requests[-1].messages if isinstance(m, AgentSaid)]

        assert cut.interrupted
        assert LONG.startswith(cut.heard)
        both = f"{cut.heard} Are you still there?"
        assert said[-1] == AgentSaid(text=both, agent="Ann", cuts=(len(cut.heard),))
        assert "Are you still there?" in call.heard


HANDED = "Bob knows more about that. "


def talkative(request):
    """Every second time, let the other agent answer."""
    asked = sum(isinstance(message, UserSaid) for message in request.messages)
    if asked % 2 or not isinstance(request.messages[-1], UserSaid):
        return LONG
    (other,) = [tool.name for tool in request.tools]
    return [TextDelta(text=HANDED), ToolCalled(call=ToolCall(id="h", name=other, arguments={}))]


TWO = scenario(
    agent("Ann", return_greeting="Ann again."),
    agent("Bob", return_greeting="Bob again."),
    edges=(
        edge("Ann", "Bob", HandoffType.ANNOUNCED),
        edge("Bob", "Ann", HandoffType.ANNOUNCED),
    ),
)
CLOGGED = st.lists(st.tuples(st.floats(2, 20), st.floats(0.1, 3)), max_size=2)
SOUNDS = st.lists(
    st.tuples(
        st.sampled_from(["stop please", "mhm", "noise", "and my cards", "long noise"]),
        st.floats(0.1, 3.0),
    ),
    min_size=1,
    max_size=4,
)


@given(SOUNDS, st.booleans(), CLOGGED)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_history_equals_what_was_heard_whatever_the_caller_and_the_line_do(sounds, timed, clogged):
    async def live():
        chat = ScriptedChat(talkative)
        speaking = ScriptedSpeaking(words=timed)
        async with calling(chat, speaking=speaking, scenario=TWO) as call:
            call.wire.clogged = [(begin, begin + seconds) for begin, seconds in clogged]
            await call.until(TurnDone)
            call.says("tell me about accounts")
            for sound, after in sounds:
                await call.after(after)
                if "noise" in sound:
                    call.makes_noise(1_500 if "long" in sound else 300)
                else:
                    call.says(sound)
            await call.after(5)
            await call.silence()
            said = call.session._journal.conversation.messages()
            return [m for m in said if isinstance(m, AgentSaid)], call.heard

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        history, heard = runner.run(live())

    remembered = "".join(message.text for message in history).replace(" ", "")
    sounded = iter(heard.replace(" ", ""))
    assert all(letter in sounded for letter in remembered), (remembered, heard)
    # What history lacks is, for every sound, less than the word that was cut by it.
    assert len(heard.replace(" ", "")) - len(remembered) <= CUT_WORD * len(sounds)
