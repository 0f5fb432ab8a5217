"""Words that come after they were guessed: taken once, corrected, and no reason to fall silent."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from adapters.scripted.hearing import ScriptedStream
from core import turn as t
from core.agents import RecordingRule
from core.facts import CallerSaid, ConsentDecided, TurnDone
from core.speech import (
    FinalHeard,
    HearingConfig,
    HearingEvent,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
)
from tests.relay.calls import calling, scenario
from tests.relay.test_endpointing import Ears, says
from tests.virtual_time import VIRTUAL, VirtualTimeLoop

GUESS, SAID = "What is my ballad?", "What is my balance?"


@pytest.fixture
def anyio_backend():
    return VIRTUAL


def late_guess(text: str = SAID, *, end_ms: int = 1_000) -> PartialHeard:
    return PartialHeard(text=text, start_ms=0, end_ms=end_ms)


def late_final(text: str = SAID) -> FinalHeard:
    return FinalHeard(text=text, start_ms=0, end_ms=1_040, decided_ms=2_000)


async def guessed() -> Ears:
    """Somebody has said something, the recognizer is late, and its guess was taken."""
    ears = await says(GUESS, final_wait_ms=200)
    await ears.until(1_700)
    assert ears.finals == [(GUESS, False)]
    return ears


async def test_a_guess_that_comes_too_late_begins_nothing() -> None:
    ears = await guessed()
    told, pace = len(ears.told), ears.habits.pace

    ears.hear(late_guess(), SpeechStopped(speech_end_ms=1_000, decided_ms=1_700))
    await ears.until(2_400)

    assert ears.told[told:] == []
    assert ears.habits.pace == pace
    ears.hear(late_final())
    assert ears.finals[1:] == [(SAID, True)]


async def test_a_cough_is_not_given_the_words_that_come_late() -> None:
    ears = await says(GUESS, final_wait_ms=500)
    await ears.until(1_400)
    ears.hear(SpeechStarted(at_ms=1_360))
    ears.hear(late_guess())
    await ears.until(1_500)
    ears.pause()
    await ears.until(3_000)
    ears.hear(late_final())

    assert ears.finals == [(GUESS, False), ("", False), (SAID, True)]
    assert not any(isinstance(e, PartialHeard) and e.text == SAID for e in ears.told)


async def test_an_utterance_that_becomes_final_in_parts_is_corrected_as_a_whole() -> None:
    ears = await guessed()

    ears.hear(FinalHeard(text="What is", start_ms=0, end_ms=500, decided_ms=1_800))
    ears.hear(PartialHeard(text="my bal", start_ms=520, end_ms=800))
    ears.hear(FinalHeard(text="my balance?", start_ms=520, end_ms=1_000, decided_ms=1_900))

    assert ears.finals[-1] == ("What is my balance?", True)
    assert [type(e) for e in ears.told].count(SpeechStarted) == 1


async def test_words_of_which_nothing_was_guessed_are_taken_when_they_come() -> None:
    ears = Ears(final_wait_ms=200)
    ears.hear(SpeechStarted(at_ms=0))
    await ears.until(1_120)
    ears.pause()
    await ears.until(2_000)
    ears.hear(late_guess(), late_final())

    assert ears.finals == [("", False), (SAID, False)]


async def test_words_are_not_corrected_once_others_were_taken() -> None:
    ears = await guessed()
    ears.hear(SpeechStarted(at_ms=1_800))
    await ears.until(2_400)
    ears.hear(PartialHeard(text="Hello?", start_ms=1_800, end_ms=2_300))
    await ears.until(2_520)
    ears.pause()
    await ears.until(3_200)
    ears.hear(late_final())
    ears.hear(FinalHeard(text="Hello!", start_ms=1_800, end_ms=2_300, decided_ms=3_200))

    assert ears.finals == [(GUESS, False), ("Hello?", False), ("Hello!", True)]


LATE = st.lists(
    st.one_of(
        st.builds(late_guess, st.sampled_from([GUESS, SAID, "What"]), end_ms=st.integers(20, 1100)),
        st.builds(late_final, st.sampled_from([SAID, "what is my ballad", ""])),
        st.just(SpeechStopped(speech_end_ms=1_000, decided_ms=1_700)),
        st.sampled_from(["cough", "sounds", 100, 900]),
    ),
    max_size=8,
)


@given(LATE)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_words_that_were_guessed_are_taken_once_and_stop_no_reply(
    late: list[HearingEvent | str | int],
) -> None:
    async def live() -> None:
        ears = await guessed()
        state, taken, told = t.TurnState(), 0, 0
        sounds = False
        for what in [*late, 2_000]:
            match what:
                case "cough":
                    ears.hear(SpeechStarted(at_ms=ears.now_ms - 60))
                    await ears.until(ears.now_ms + 200)
                    ears.pause()
                case "sounds":
                    sounding = t.Sounding(at=ears.now_ms / 1000, generation=state.generation)
                    state, _ = t.step(state, sounding)
                case int():
                    await ears.until(ears.now_ms + what)
                case _:
                    ears.hear(what)
            for event in ears.told[told:]:
                sounds = state.sounding is not None
                state, outputs = t.step(state, t.Heard(at=ears.now_ms / 1000, event=event))
                taken += sum(isinstance(output, t.Take) for output in outputs)
                # An answer that nobody has heard may be made anew, to the right words.
                stopped = any(isinstance(output, t.StopTalking) for output in outputs)
                corrected = any(isinstance(output, t.Correct) for output in outputs)
                assert not stopped or (corrected and not sounds)
            told = len(ears.told)
        assert taken == 1
        assert state.floor is not t.Floor.LISTENING
        last = [e.text for e in late if isinstance(e, FinalHeard) and e.text]
        assert t.same_words(state.words, last[-1] if last else GUESS)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(live())


# --- a whole call ---------------------------------------------------------------------------------


class SlowEars(ScriptedHearing):
    """Ears that understand so many words at first, and a second later all: guessed, then final."""

    def __init__(self, words: int) -> None:
        super().__init__(delay_s=1.0)
        self.words = words

    async def open(self, config: HearingConfig) -> ScriptedStream:
        return _SlowStream(self, config)


class _SlowStream(ScriptedStream):
    def __init__(self, engine: SlowEars, config: HearingConfig) -> None:
        super().__init__(engine, config)
        self._few = engine.words

    def emit(self, event: HearingEvent) -> None:
        if isinstance(event, PartialHeard):
            event = replace(event, text=" ".join(event.text.split()[: self._few]))
        super().emit(event)

    def _emit_later(self, final: FinalHeard) -> None:
        guess = PartialHeard(text=final.text, start_ms=final.start_ms, end_ms=final.end_ms)
        asyncio.get_running_loop().call_later(0.9, super().emit, guess)
        super()._emit_later(final)


@pytest.mark.parametrize("words", [9, 4])
async def test_words_that_come_while_they_are_answered_do_not_stop_the_answer(words: int) -> None:
    answer = "Ten dollars, and not a single cent more than that."
    async with calling([answer], hearing=SlowEars(words)) as call:
        await call.until(TurnDone)
        call.says("what is my balance today")
        turn = await call.until(TurnDone, count=2)
        await call.after(2)

        assert turn.heard == answer
        assert not turn.interrupted
        assert turn.caller == "what is my balance today"
        said = [(fact.text, fact.corrects) for fact in call.facts(CallerSaid)]
        assert said[0] == (" ".join(turn.caller.split()[:words]), False)
        assert said[1:] == ([(turn.caller, True)] if words < 5 else [])


@pytest.mark.parametrize(("audio_ms", "heard"), [(0, "Thank you."), (3_000, "is not recorded")])
async def test_consent_is_read_again_when_the_words_were_others(audio_ms: int, heard: str) -> None:
    asks = scenario(recording=RecordingRule.ASK)
    speaking = ScriptedSpeaking(first_audio_ms=audio_ms)
    async with calling(["Ten."], scenario=asks, hearing=SlowEars(1), speaking=speaking) as call:
        await call.until(TurnDone)
        await call.silence()
        call.says("Yes but do not record me")
        turn = await call.until(TurnDone, count=2)

        assert [fact.decision for fact in call.facts(ConsentDecided)] == ["given", "refused"]
        assert call.facts(CallerSaid)[-1].corrects
        assert heard in turn.heard
        assert turn.caller == "Yes but do not record me"


async def test_a_correction_that_changes_nothing_decides_nothing_again() -> None:
    asks = scenario(recording=RecordingRule.ASK)
    async with calling(["Ten."], scenario=asks, hearing=SlowEars(1)) as call:
        await call.until(TurnDone)
        await call.silence()
        call.says("Yes please do")
        await call.until(TurnDone, count=2)
        await call.after(2)

        assert [fact.decision for fact in call.facts(ConsentDecided)] == ["given"]
