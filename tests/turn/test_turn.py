"""Laws of turn-taking, over any order of events, and the rules a caller notices."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import turn as t
from core.errors import Cause, EngineError
from core.speech import (
    FinalHeard,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from core.turn import Floor, Purpose, TurnState, deadline, step

RULES = t.TurnSettings()
GENERATIONS = st.integers(0, 8)
WORDS = st.sampled_from(["", "yes", "mhm", "stop it please"])


def heard(event):
    return t.Heard(at=0.0, event=event)


SPEECH = st.one_of(
    st.just(heard(SpeechStarted(at_ms=0))),
    st.just(heard(SpeechStopped(speech_end_ms=0, decided_ms=0))),
    st.just(heard(SpeechPaused(at_ms=0, now_ms=0))),
    st.just(heard(SpeechResumed(at_ms=0))),
    st.builds(
        lambda text, stable, asked: t.Heard(
            at=0.0,
            event=PartialHeard(text=text, start_ms=0, end_ms=0, stable=stable),
            asked=asked,
        ),
        WORDS,
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda t, late: heard(
            FinalHeard(text=t, start_ms=0, end_ms=0, decided_ms=0, corrects=late)
        ),
        WORDS,
        st.booleans(),
    ),
    st.just(heard(HearingFailed(error=EngineError(cause=Cause.LOST)))),
)
NEWS = st.sampled_from([Purpose.ANSWER, Purpose.TIME, Purpose.OWED])
CLOSINGS = st.builds(
    t.Closing,
    kind=st.sampled_from(["hang_up", "transfer"]),
    by=st.just("agent"),
)
OTHERS = st.one_of(
    st.builds(t.KeyPressed, at=st.just(0.0), key=st.sampled_from("12#"), secret=st.booleans()),
    st.builds(t.SilenceWanted, at=st.just(0.0), closing=st.none() | CLOSINGS),
    st.builds(t.SpeechWanted, at=st.just(0.0), purpose=st.sampled_from(Purpose)),
    st.just(t.TransferOver(at=0.0)),
    st.builds(t.NewsCame, at=st.just(0.0), purpose=NEWS),
    st.builds(t.NewsGone, at=st.just(0.0), purpose=NEWS),
    st.just(t.HearingLost(at=0.0)),
    st.just(t.Tick(at=0.0)),
)
# A relay knows the present number best; old ones come too.
REPLY = st.one_of(
    st.builds(t.PieceReady, at=st.just(0.0), generation=GENERATIONS, text=st.just("Hello.")),
    st.builds(t.ReplyDone, at=st.just(0.0), generation=GENERATIONS),
    st.builds(t.Sounding, at=st.just(0.0), generation=GENERATIONS),
    st.builds(t.RanDry, at=st.just(0.0), generation=GENERATIONS, pieces=st.integers(0, 3)),
    st.builds(
        t.ReplyFailed,
        at=st.just(0.0),
        generation=GENERATIONS,
        engine=st.sampled_from(["thinking", "speaking"]),
    ),
    st.builds(t.ClosingWanted, at=st.just(0.0), generation=GENERATIONS, closing=CLOSINGS),
)
STEPS = st.lists(
    st.tuples(
        st.one_of(SPEECH, REPLY, OTHERS),
        st.booleans(),  # a reply event of the present generation
        st.sampled_from([0.0, 0.1, 0.6, 2.5, 11.0]),
    ),
    max_size=40,
)


def play(steps):
    """Yield (state before, event, state after, outputs) of a run in time."""
    state, now = TurnState(), 0.0
    for planned, current, pause in steps:
        now += pause
        event = replace(planned, at=now)
        if current and hasattr(event, "generation"):
            event = replace(event, generation=state.generation)
        after, outputs = step(state, event)
        yield state, event, after, outputs
        state = after


def outputs_of(steps):
    return [output for *_, outputs in play(steps) for output in outputs]


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_stopped_generation_never_speaks_again(steps):
    stopped = set()
    for output in outputs_of(steps):
        match output:
            case t.StopTalking(generation=generation):
                stopped.add(generation)
            case t.Say() | t.Generate() | t.Pause() | t.Resume():
                assert output.generation not in stopped


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_a_generation_is_stopped_at_most_once_and_only_after_it_began(steps):
    begun, stopped = set(), set()
    for output in outputs_of(steps):
        match output:
            case t.Generate(generation=generation):
                assert generation not in begun
                begun.add(generation)
            case t.StopTalking(generation=generation):
                assert generation in begun
                assert generation not in stopped
                stopped.add(generation)


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_one_reply_at_a_time(steps):
    live = None
    for output in outputs_of(steps):
        match output:
            case t.Generate(generation=generation):
                assert live is None
                live = generation
            case t.StopTalking() | t.Settled():
                live = None


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_turns_count_up_and_each_is_over_at_most_once(steps):
    turn, over = 0, set()
    for output in outputs_of(steps):
        match output:
            case t.Take():
                assert output.turn in (turn, turn + 1)
                turn = output.turn
            case t.TurnOver():
                assert output.turn not in over
                over.add(output.turn)


@given(STEPS)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_every_state_can_be_left_by_time_alone(steps):
    state, now = TurnState(), 0.0
    for _, event, after, _ in play(steps):
        state, now = after, event.at
    for _ in range(60):
        due = deadline(state)
        if due is None:
            break
        now = max(now, due)
        before = state
        state, outputs = step(state, t.Tick(at=now))
        assert state != before
        if any(isinstance(output, t.Generate | t.Say) for output in outputs):
            # Engines are well: what begins is said and heard.
            for event in whole_reply(state, now):
                state, _ = step(state, event)
    assert state.closed or state.holding or state.floor is Floor.SPEAKING


def whole_reply(state, now):
    generation = state.generation
    said = state.said + 1
    return [
        t.PieceReady(at=now, generation=generation, text="Hello."),
        t.Sounding(at=now, generation=generation),
        t.ReplyDone(at=now, generation=generation),
        t.RanDry(at=now, generation=generation, pieces=said),
    ]


@given(STEPS)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_a_closed_call_does_nothing_more(steps):
    for before, _, after, outputs in play(steps):
        if before.closed:
            assert outputs == ()
            assert after == before


def speaking(*, at=0.0):
    """Return a state in which the agent has been speaking since `at`."""
    state, _ = step(TurnState(), t.SpeechWanted(at=at, purpose=Purpose.GREETING))
    for event in whole_reply(state, at)[:2]:
        state, _ = step(state, event)
    return state


def run(state, *events):
    outputs = []
    for event in events:
        state, more = step(state, event)
        outputs += more
    return state, outputs


def test_silence_is_asked_about_twice_and_then_said_goodbye_to():
    state, purposes = TurnState(), []
    for _ in range(10):
        due = deadline(state)
        if due is None:
            break
        state, outputs = step(state, t.Tick(at=due))
        purposes += [o.purpose for o in outputs if isinstance(o, t.Generate)]
        state, outputs = run(state, *whole_reply(state, due))

    assert purposes == [Purpose.REPROMPT, Purpose.REPROMPT, Purpose.GOODBYE]
    assert outputs[-1] == t.Close(closing=t.Closing(kind="hang_up", by="silence"))
    assert state.closed


def test_one_word_over_the_agent_stops_him():
    state, outputs = run(
        speaking(),
        t.Heard(at=1.0, event=SpeechStarted(at_ms=900)),
        t.Heard(at=1.3, event=PartialHeard(text="stop", start_ms=900, end_ms=1300)),
    )

    assert [type(output) for output in outputs] == [t.Pause, t.StopTalking, t.TurnOver]
    assert state.floor is Floor.LISTENING


def test_long_speech_without_words_stops_him_too():
    state, _ = run(speaking(), t.Heard(at=1.0, event=SpeechStarted(at_ms=900)))

    assert deadline(state) == 1.0 + RULES.barge_in_s
    _, outputs = step(state, t.Tick(at=1.0 + RULES.barge_in_s))
    assert isinstance(outputs[0], t.StopTalking)


def test_a_cough_only_pauses_him():
    state, outputs = run(
        speaking(),
        t.Heard(at=1.0, event=SpeechStarted(at_ms=900)),
        t.Heard(at=1.5, event=SpeechStopped(speech_end_ms=1100, decided_ms=1500)),
        t.Tick(at=3.0),
    )

    assert [type(output) for output in outputs] == [t.Pause, t.Resume]
    assert state.floor is Floor.SPEAKING


def test_a_sound_right_after_he_began_does_not_pause_him():
    state, outputs = run(speaking(at=1.0), t.Heard(at=1.1, event=SpeechStarted(at_ms=1000)))

    assert outputs == []
    assert state.floor is Floor.SPEAKING


def test_words_that_never_become_final_are_taken_as_they_are_and_only_once():
    state, _ = run(
        TurnState(),
        t.Heard(at=1.0, event=SpeechStarted(at_ms=0)),
        t.Heard(at=1.5, event=PartialHeard(text="My balance", start_ms=0, end_ms=500)),
        t.Heard(at=2.0, event=SpeechStopped(speech_end_ms=600, decided_ms=1000)),
    )
    final = FinalHeard(text="my balance.", start_ms=0, end_ms=600, decided_ms=1000)

    state, outputs = run(state, t.Tick(at=5.0), t.Heard(at=5.2, event=final))

    assert [output for output in outputs if isinstance(output, t.Take)] == [
        t.Take(turn=1, text="My balance")
    ]


def test_words_that_other_ears_hear_again_before_they_were_answered_are_answered():
    said = (
        t.Heard(at=1.0, event=SpeechStarted(at_ms=0)),
        t.Heard(at=1.5, event=PartialHeard(text="My balance", start_ms=0, end_ms=500)),
        t.Heard(at=2.0, event=SpeechStopped(speech_end_ms=600, decided_ms=1000)),
    )
    state, _ = run(TurnState(), *said, t.Tick(at=5.0))
    final = FinalHeard(text="My balance.", start_ms=0, end_ms=600, decided_ms=1000)

    state, outputs = run(state, *said, t.Heard(at=5.2, event=final))

    assert state.floor is Floor.THINKING
    assert [type(output) for output in outputs][-2:] == [t.Correct, t.Generate]


def test_who_speaks_after_the_answer_to_words_that_never_became_final_says_something_new():
    state, _ = run(
        TurnState(),
        t.Heard(at=1.5, event=PartialHeard(text="My balance", start_ms=0, end_ms=500)),
        t.Heard(at=2.0, event=SpeechStopped(speech_end_ms=600, decided_ms=1000)),
        t.Tick(at=5.0),
    )
    reply = {"at": 6.0, "generation": state.generation}
    final = FinalHeard(text="Thank you.", start_ms=0, end_ms=600, decided_ms=1000)

    _, outputs = run(
        state,
        t.PieceReady(text="Ten dollars.", **reply),
        t.Sounding(**reply),
        t.ReplyDone(**reply),
        t.RanDry(pieces=1, **reply),
        t.Heard(at=9.0, event=SpeechStarted(at_ms=0)),
        t.Heard(at=9.5, event=final),
    )

    assert t.Take(turn=2, text="Thank you.") in outputs


def test_a_promised_transfer_survives_an_interruption_but_a_goodbye_does_not():
    word = t.Heard(at=1.0, event=PartialHeard(text="thanks", start_ms=0, end_ms=500))
    outcomes = {}
    for kind in ("transfer", "hang_up"):
        state = speaking()
        closing = t.Closing(kind=kind)
        wanted = t.ClosingWanted(at=0.5, generation=state.generation, closing=closing)
        _, outputs = run(state, wanted, word)
        outcomes[kind] = any(isinstance(output, t.Close) for output in outputs)

    assert outcomes == {"transfer": True, "hang_up": False}


def talking(text="One moment."):
    """Return an agent who is heard, and over whom somebody has begun to speak."""
    state, _ = step(TurnState(), t.SpeechWanted(at=0.0, purpose=Purpose.GREETING))
    state, _ = step(state, t.PieceReady(at=0.0, generation=1, text=text))
    state, _ = step(state, t.Sounding(at=0.1, generation=1))
    state, _ = step(state, t.Heard(at=1.0, event=SpeechStarted(at_ms=900)))
    assert state.floor is Floor.PAUSED
    return state


def guess(text, *, stable=True, asked=False):
    event = PartialHeard(text=text, start_ms=0, end_ms=0, stable=stable)
    return t.Heard(at=1.4, event=event, asked=asked)


LISTENS = ["Mm-hmm.", "okay", "Yes.", "I see.", "uh huh"]
LISTENS += ["Ja, alles klar.", "Ach so.", "Sí, de acuerdo.", "Oui, d\u2019accord.", "Je vois."]


@pytest.mark.parametrize("text", LISTENS)
def test_a_sound_of_listening_gives_the_floor_back_at_once(text):
    state, outputs = step(talking(), guess(text))

    assert state.floor is Floor.SPEAKING
    assert outputs == (t.Resume(generation=1),)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("yes", True),
        ("no", False),
        ("okay but wait", False),
        ("stop", False),
        ("ich verstehe nicht", False),
    ],
)
def test_an_answer_or_other_words_take_the_floor(text, asked):
    state, outputs = step(talking(), guess(text, asked=asked))

    assert state.floor is Floor.LISTENING
    assert t.StopTalking(generation=1) in outputs


def test_a_late_final_corrects_the_turn_and_its_answer_unless_that_was_heard():
    said = t.Heard(at=1.0, event=FinalHeard(text="my ballad", start_ms=0, end_ms=0, decided_ms=0))
    late = FinalHeard(text="My balance.", start_ms=0, end_ms=0, decided_ms=0, corrects=True)
    state, _ = step(TurnState(), said)

    thinking, before = step(state, t.Heard(at=1.2, event=late))
    sounding, _ = step(state, t.Sounding(at=1.1, generation=state.generation))
    _, after = step(sounding, t.Heard(at=1.2, event=late))

    correct = t.Correct(turn=1, text="My balance.")
    assert correct in before
    assert any(isinstance(output, t.Generate) for output in before)
    assert after == (correct,)
    assert step(thinking, t.Heard(at=1.3, event=late)) == (thinking, ())


def test_an_answer_of_which_nothing_was_heard_is_begun_anew_for_another_language():
    said = FinalHeard(text="ja bitte", start_ms=0, end_ms=0, decided_ms=0)
    again = t.Heard(at=1.2, event=replace(said, corrects=True, again=True), anew=True)
    thinking, _ = step(TurnState(), t.Heard(at=1.0, event=said))
    sounding, _ = step(thinking, t.Sounding(at=1.1, generation=thinking.generation))

    _, anew = step(thinking, again)

    assert any(isinstance(output, t.Generate) for output in anew)
    assert step(thinking, replace(again, anew=False)) == (thinking, ())
    assert step(sounding, again) == (sounding, ())


def test_a_sound_of_listening_is_no_words_when_its_language_is_told():
    mhm = FinalHeard(text="mhm", start_ms=0, end_ms=0, decided_ms=0)
    let_go, _ = step(talking(), heard(mhm))
    listening = replace(let_go, floor=Floor.LISTENING)

    assert let_go.let_go
    assert step(listening, heard(replace(mhm, corrects=True, again=True))) == (listening, ())


def test_what_is_owed_is_answered_for_as_soon_as_nobody_speaks_unless_it_is_done():
    owed, _ = step(TurnState(answered=True), t.NewsCame(at=0.0, purpose=Purpose.OWED))

    told, outputs = step(owed, t.Tick(at=RULES.news_s))
    done, _ = step(owed, t.NewsGone(at=0.1, purpose=Purpose.OWED))

    assert outputs == (
        t.BreakNews(turn=1, purpose=Purpose.OWED),
        t.Generate(generation=1, turn=1, purpose=Purpose.ANSWER),
    )
    assert (told.news, done.news) == ((), ())


def test_to_a_machine_nothing_more_is_said_until_there_is_a_message():
    hushed, outputs = step(talking(), t.SilenceWanted(at=2.0))

    assert [type(output) for output in outputs] == [t.StopTalking, t.TurnOver]
    assert deadline(hushed) is None
    told, outputs = step(hushed, t.SpeechWanted(at=9.0, purpose=Purpose.MESSAGE))
    assert t.Generate(generation=told.generation, turn=0, purpose=Purpose.MESSAGE) in outputs


def test_what_was_begun_to_be_answered_to_a_machine_is_dropped():
    state, _ = run(
        TurnState(),
        t.Heard(at=1.0, event=SpeechStarted(at_ms=0)),
        guess("the person you call"),
    )

    closed, outputs = step(state, t.SilenceWanted(at=2.0, closing=t.Closing(kind="hang_up")))

    assert [type(output) for output in outputs] == [t.ThinkAgain, t.Close]
    assert closed.closed


# --- who only listens -----------------------------------------------------------------------------


def later(at, text, *, stable=False, asked=False):
    event = PartialHeard(text=text, start_ms=0, end_ms=0, stable=stable)
    return t.Heard(at=at, event=event, asked=asked)


def final(at, text, **fields):
    event = FinalHeard(text=text, start_ms=0, end_ms=0, decided_ms=0, **fields)
    return t.Heard(at=at, event=event)


@pytest.mark.parametrize(
    "guesses",
    [
        ["of", "of course", "of course I", "Of course, I understand."],
        ["I", "I underst", "I understand."],
        ["yeah", "yeah yeah", "Yeah, yeah, okay."],
    ],
)
def test_a_sound_of_listening_may_be_slow(guesses):
    steps = [later(1.4 + n * 0.4, text, stable=text[-1] == ".") for n, text in enumerate(guesses)]

    state, outputs = run(
        talking(), *[each for step in steps for each in (step, t.Tick(at=step.at + 0.35))]
    )

    assert outputs == [t.Resume(generation=1)]
    assert state.floor is Floor.SPEAKING


@pytest.mark.parametrize("goes_on", ["of course but wait", "I would", "okay stop"])
def test_words_that_only_began_like_a_sound_of_listening_stop_the_agent(goes_on):
    first = goes_on.split()[0]

    _, outputs = run(talking(), later(1.4, first), later(1.8, goes_on))

    assert outputs[0] == t.StopTalking(generation=1)


def test_speech_that_goes_on_after_a_sound_of_listening_stops_the_agent_though_nothing_is_told():
    state, outputs = run(talking(), later(1.4, "yes"))
    assert outputs == []

    _, outputs = run(state, t.Tick(at=1.4 + RULES.barge_in_s))

    assert outputs[0] == t.StopTalking(generation=1)


def thinking(purpose=Purpose.ANSWER):
    state, _ = run(TurnState(), final(1.0, "tell me about accounts"))
    if purpose is Purpose.ANSWER:
        return state
    state, _ = run(TurnState(), t.SpeechWanted(at=1.0, purpose=purpose))
    return state


def murmurs(text, *, asked=False):
    return (
        t.Heard(at=1.5, event=SpeechStarted(at_ms=0)),
        later(1.8, text, asked=asked),
        t.Heard(at=1.9, event=SpeechPaused(at_ms=0, now_ms=0)),
        later(1.9, text, stable=True, asked=asked),
        t.Heard(at=2.2, event=SpeechStopped(speech_end_ms=0, decided_ms=0)),
        replace(final(2.2, text), asked=asked),
    )


@pytest.mark.parametrize("purpose", [Purpose.ANSWER, Purpose.NOTICE])
def test_a_sound_of_listening_while_the_answer_is_made_changes_nothing(purpose):
    before = thinking(purpose)

    after, outputs = run(before, *murmurs("okay"))

    assert outputs == []
    assert after == replace(before, let_go=True)


def test_yes_is_an_answer_while_a_reply_is_made_to_who_was_asked_or_silent():
    answered, outputs = run(thinking(), *murmurs("yes", asked=True))
    back, again = run(thinking(Purpose.REPROMPT), *murmurs("yes"))

    assert t.Take(turn=1, text="yes") in outputs
    assert t.Take(turn=1, text="yes") in again
    assert answered.floor is back.floor is Floor.THINKING


def test_a_sound_of_listening_that_is_told_late_corrects_no_words_of_a_turn():
    state, _ = run(thinking(), t.Sounding(at=1.2, generation=1), *murmurs("okay"))

    _, same = run(state, final(3.0, "Okay.", corrects=True))
    _, other = run(state, final(3.0, "Okay, but wait.", corrects=True))

    assert same == []
    assert t.Take(turn=2, text="Okay, but wait.", interrupted=True) in other


# --- silence --------------------------------------------------------------------------------------


def test_nobody_is_asked_whether_he_is_there_while_he_speaks():
    state, _ = run(TurnState(), t.Heard(at=5.0, event=SpeechStarted(at_ms=0)))

    assert deadline(state) == 5.0 + RULES.wordless_s
    assert run(state, t.Tick(at=5.0 + RULES.silence_s))[1] == []
    paused, _ = run(state, later(24.0, "and then"))
    assert deadline(paused) == 24.0 + RULES.wordless_s


def test_a_noise_that_does_not_end_is_asked_about_and_does_not_stop_the_question():
    state, _ = run(TurnState(), t.Heard(at=5.0, event=SpeechStarted(at_ms=0)))

    state, asked = run(state, t.Tick(at=25.0))
    state, more = run(state, *whole_reply(state, 26.0)[:2], t.Tick(at=30.0))

    assert [type(output) for output in (*asked, *more)] == [t.Generate, t.Say]
    assert state.floor is Floor.SPEAKING


@pytest.mark.parametrize("stopped", [True, False])
def test_a_caller_whom_nobody_took_is_told_so_whatever_was_heard_before(stopped):
    begun = [
        t.Heard(at=1.0, event=SpeechStarted(at_ms=0)),
        later(1.4, "hello"),
        t.Heard(at=1.5, event=SpeechStopped(speech_end_ms=0, decided_ms=0)),
    ]
    state, _ = run(TurnState(holding=True), *begun[: 3 if stopped else 2])

    state, _ = run(state, t.TransferOver(at=60.0), t.SpeechWanted(at=60.0, purpose=Purpose.ANSWER))
    state, outputs = run(state, *whole_reply(state, 61.0)[:2], t.Tick(at=62.0), t.Tick(at=90.0))

    assert [type(output) for output in outputs] == [t.Say]
    assert state.floor is Floor.SPEAKING


def test_what_is_told_late_of_a_person_who_was_rung_corrects_no_word_of_the_caller():
    state, _ = run(TurnState(), final(1.0, "connect me please"))
    assert state.words
    state, _ = run(state, t.SilenceWanted(at=2.0), t.TransferOver(at=60.0))
    late = FinalHeard(text="I can not", start_ms=0, end_ms=1, decided_ms=1, corrects=True)

    state, outputs = run(state, t.Heard(at=61.0, event=late))

    assert outputs == []


def test_keys_behind_a_secret_are_taken_again_when_its_pause_is_over_however_often_they_come():
    entered = [
        t.KeyPressed(at=1.0 + n / 10, key=key, max_keys=4, secret=True)
        for n, key in enumerate("4127")
    ]
    state, _ = run(TurnState(), *entered)
    late = [
        t.KeyPressed(at=1.3 + RULES.key_pause_s * share, key="1", max_keys=1)
        for share in (0.5, 0.9, 1.1)
    ]

    outputs = [run(state, *late[: n + 1])[1] for n in range(3)]

    assert outputs[0] == outputs[1] == []
    assert any(isinstance(output, t.Take) for output in outputs[2])
