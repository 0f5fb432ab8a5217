"""Calls that we made: a person is greeted when he answers, a machine gets what was configured."""

from dataclasses import replace

import numpy as np
import pytest

from adapters.scripted import ScriptedHearing
from core.agents import SpeechSpec
from core.answering import AnsweringRules
from core.attempts import outcome_of
from core.call import CallState, fold
from core.facts import AgentHeard, AnsweredBy, CallerSaid, Direction, HangUpRequested, TurnDone
from core.speech import FinalHeard
from media_relay.beep import BeepEar
from media_relay.call_settings import CallSettings
from tests.relay.calls import MemoryControl, agent, calling, scenario
from tests.virtual_time import VIRTUAL

ANN = agent("Ann", voicemail_message="Hello, this is Ann. Please call me back.")
MACHINE = "please leave a message after the tone"


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class OutboundControl(MemoryControl):
    """Gives sessions of calls that we made."""

    async def open_session(self, call_id, request):
        session = await super().open_session(call_id, request)
        return replace(session, leg=replace(session.leg, direction=Direction.OUTBOUND))


def outbound(replies=(), *, ann=ANN, hearing=None, **rules):
    graph = scenario(ann)
    settings = CallSettings(answering=AnsweringRules(**rules))
    control = OutboundControl(graph)
    return calling(replies, scenario=graph, control=control, settings=settings, hearing=hearing)


def answered(call):
    return [fact.who for fact in call.facts(AnsweredBy)]


def tone(hertz, ms):
    time = np.arange(16 * ms) / 16_000
    return (9_000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()


async def test_a_person_who_says_hello_is_greeted_then_and_answered_after():
    async with outbound(["Fine."]) as call:
        call.says("hello")
        greeting = await call.until(TurnDone)
        call.says("what do you want")
        turn = await call.until(TurnDone, count=2)

    assert call.facts(AnsweredBy) == [AnsweredBy(who="person", by="words")]
    assert call.facts(CallerSaid)[0].text == "hello"
    assert greeting.heard == "Hello from Ann."
    assert turn.heard == "Fine."


async def test_somebody_silent_is_spoken_to():
    async with outbound(silence_s=2.0) as call:
        began = call.now
        await call.until(AgentHeard)
        waited = call.now - began

    assert 2.0 <= waited < 3.5
    assert call.facts(AnsweredBy) == [AnsweredBy(who="nobody", by="silence")]


async def test_a_voicemail_is_hung_up_on_and_the_attempt_is_to_be_repeated():
    async with outbound() as call:
        call.says(MACHINE)
        hung_up = await call.until(HangUpRequested)
        await call.after(1)

    assert hung_up.by == "machine"
    assert call.heard == ""
    assert call.facts(AnsweredBy) == [AnsweredBy(who="voicemail", by="words", action="hang_up")]
    log = call.control.logs["call"]
    assert outcome_of(fold(CallState(call_id="call"), log), log) == "voicemail"


async def test_a_message_is_left_after_the_beep_and_not_before():
    async with outbound(voicemail="leave_message") as call:
        call.says(MACHINE)
        await call.until(AnsweredBy)
        await call.after(3.0)
        call._sound += tone(1_000, 500)
        beeped = call.now
        hung_up = await call.until(HangUpRequested)

    assert call.heard == "Hello, this is Ann. Please call me back."
    assert min(at for at, _ in call.wire.audio) >= beeped + 0.5
    assert hung_up.by == "machine"


async def test_without_a_beep_the_message_is_left_in_the_silence_after_the_greeting():
    async with outbound(voicemail="leave_message") as call:
        call.says(MACHINE)
        await call.until(HangUpRequested)

    assert call.heard == "Hello, this is Ann. Please call me back."


async def test_who_speaks_on_and_on_is_a_machine():
    office = "this is the office of doctor miller we are open on mondays and on thursdays"
    async with outbound(long_s=4.0) as call:
        call.says(f"{office} in the morning", ms=6_000)
        await call.until(HangUpRequested)

    assert call.facts(AnsweredBy) == [AnsweredBy(who="voicemail", by="length", action="hang_up")]


async def test_a_machine_may_show_itself_after_the_agent_has_greeted():
    async with outbound(silence_s=1.0) as call:
        await call.until(AgentHeard)
        call.says(MACHINE)
        await call.until(HangUpRequested)

    assert answered(call) == ["nobody", "voicemail"]


async def test_a_person_who_talks_on_after_hello_is_no_machine():
    story = "it is good that you call because I wanted to ask about it and my wife did too"
    async with outbound(["Go ahead."]) as call:
        call.says("hello")
        await call.until(TurnDone)
        call.says(story, ms=10_000)
        turn = await call.until(TurnDone, count=2)

    assert answered(call) == ["person"]
    assert turn.caller == story
    assert turn.heard == "Go ahead."


async def test_a_person_who_answered_may_say_what_voicemails_say_too():
    async with outbound(["Tuesday, then.", "Goodbye."]) as call:
        call.says("hello")
        await call.until(TurnDone)
        call.says("I'm not available on Monday")
        await call.until(TurnDone, count=2)
        call.says("let me look and I'll get back to you")
        turn = await call.until(TurnDone, count=3)

    assert answered(call) == ["person"]
    assert turn.heard == "Goodbye."


async def test_so_may_a_person_to_whom_the_agent_spoke_first():
    async with outbound(["Tuesday, then.", "Goodbye."], silence_s=1.0) as call:
        await call.until(TurnDone)
        call.says("yes who is this")
        await call.until(TurnDone, count=2)
        call.says("I'm not available on Monday")
        turn = await call.until(TurnDone, count=3)

    assert answered(call) == ["nobody", "person"]
    assert turn.heard == "Goodbye."


async def test_a_voicemail_that_begins_like_a_person_is_known_by_what_no_person_says():
    async with outbound(["Fine."]) as call:
        call.says("hi this is maria")
        await call.after(2.0)
        call.says(MACHINE)
        await call.until(HangUpRequested)

    assert answered(call) == ["person", "voicemail"]


@pytest.mark.parametrize(
    ("said", "beeps", "who"),
    [
        ("I can't come to the phone please leave me a message", True, ["person", "voicemail"]),
        ("I can't come to the phone please leave me a message", False, ["person"]),
        ("one moment I have to turn off the oven", True, ["person"]),
    ],
)
async def test_words_of_a_voicemail_and_then_a_beep_are_no_person(said, beeps, who):
    async with outbound(["Fine.", "Yes?"]) as call:
        call.says("hi this is maria")
        await call.after(2.0)
        call.says(said)
        await call.until(CallerSaid, count=2)
        await call.after(0.5)
        call._sound += tone(1_000, 400) if beeps else b""
        await call.after(4.0)

    assert answered(call) == who
    assert bool(call.facts(HangUpRequested)) is ("voicemail" in who)


async def test_after_the_watch_nobody_is_taken_for_a_machine_however_much_was_said_in_it():
    async with outbound(["Yes.", "I will."], watch_s=6.0) as call:
        call.says("hello")
        await call.until(TurnDone)
        call.says("is it about my appointment")
        await call.until(TurnDone, count=2)
        await call.after(3.0)
        call.says(MACHINE)
        turn = await call.until(TurnDone, count=3)

    assert answered(call) == ["person"]
    assert turn.heard == "I will."


async def test_after_a_cough_a_silent_person_is_spoken_to():
    async with outbound(silence_s=2.0) as call:
        call.makes_noise(300)
        began = call.now
        greeting = await call.until(TurnDone)
        waited = call.now - began

    assert greeting.heard == "Hello from Ann."
    assert 2.0 < waited < 6.0
    assert answered(call) == ["nobody"]


@pytest.mark.parametrize(("said", "who"), [("", "nobody"), ("hello", "person")])
async def test_who_answers_in_a_noise_that_does_not_end_is_spoken_to(said, who):
    async with outbound() as call:
        if said:
            call.says(said)
        call.makes_noise(15_000)
        greeting = await call.until(TurnDone)

    assert greeting.heard == "Hello from Ann."
    assert answered(call) == [who]


async def test_who_takes_breath_for_long_enough_is_no_machine():
    hearing = ScriptedHearing(partial_every_ms=200)
    slow = replace(ANN, speech=SpeechSpec(min_silence_ms=900, vad_silence_timeout_ms=900))
    async with outbound(ann=slow, hearing=hearing) as call:
        call.says("this is the office of doctor miller", ms=4_000)
        call._sound += bytes(32 * 600)
        call.says("how can I help you this morning", ms=4_000)
        greeting = await call.until(TurnDone)

    assert answered(call) == ["person"]
    assert greeting.heard == "Hello from Ann."


async def test_a_voicemail_is_known_in_the_language_of_the_agent():
    text = "Familie Meier, bitte hinterlassen Sie eine Nachricht nach dem Signalton."
    async with outbound(ann=replace(ANN, speech=SpeechSpec(language="de-DE"))) as call:
        call.says(text)
        await call.until(HangUpRequested)

    assert call.heard == ""
    assert call.facts(AnsweredBy) == [AnsweredBy(who="voicemail", by="words", action="hang_up")]


async def test_a_voicemail_that_shows_itself_late_gets_the_message_and_nothing_else():
    greeting = f"{MACHINE} we are away until monday and are looking forward to hear from you"
    async with outbound(voicemail="leave_message", silence_s=1.0) as call:
        await call.until(TurnDone)
        call.says(greeting, ms=20_000)
        hung_up = await call.until(HangUpRequested)

    assert answered(call) == ["nobody", "voicemail"]
    assert call.heard == "Hello from Ann. Hello, this is Ann. Please call me back."
    assert hung_up.by == "machine"


async def test_a_voicemail_known_by_its_last_word_is_not_waited_for_any_longer():
    final = FinalHeard(text=MACHINE, start_ms=0, end_ms=900, decided_ms=1_000)
    hearing = ScriptedHearing(script=[(1_000, final)])
    async with outbound(hearing=hearing, voicemail="leave_message") as call:
        await call.until(AgentHeard)

        assert call.now < 8.0


async def test_with_a_menu_the_agent_goes_on():
    async with outbound() as call:
        call.says("for english press one")
        greeting = await call.until(TurnDone)

    assert greeting.heard == "Hello from Ann."
    assert call.facts(AnsweredBy) == [AnsweredBy(who="menu", by="words", action="go_on")]


async def test_detection_that_is_off_lets_the_agent_speak_at_once():
    async with outbound(detect=False) as call:
        greeting = await call.until(TurnDone)

    assert greeting.heard == "Hello from Ann."
    assert call.facts(AnsweredBy) == []


@pytest.mark.parametrize(
    ("sound", "beeps"),
    [
        (tone(1_000, 400), True),
        (tone(440, 300), True),
        (tone(1_000, 100), False),
        (tone(697, 400)[: 16 * 800], True),
        (np.random.default_rng(1).normal(0, 3_000, 16_000).astype("<i2").tobytes(), False),
        (bytes(32_000), False),
    ],
)
def test_a_beep_is_one_steady_tone_that_ends(sound, beeps):
    ear = BeepEar()

    assert ear.over(sound + bytes(3_200)) is beeps


def test_a_key_is_no_beep():
    low, high = (np.frombuffer(tone(hertz, 400), "<i2") // 2 for hertz in (770, 1_336))

    assert not BeepEar().over((low + high).astype("<i2").tobytes() + bytes(3_200))
