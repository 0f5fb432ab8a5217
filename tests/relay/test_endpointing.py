"""When a turn is over: decided here, its words fetched at once, guessed or corrected if need be."""

import asyncio

import pytest

from core.endpointing import Asked, EndpointSettings, Expected
from core.speech import (
    FinalHeard,
    HearingEvent,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.endpointing import Endpointing
from media_relay.habits import Habits
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class Ears:
    """An endpointing and all it told; time is that of the audio."""

    def __init__(self, **settings: int) -> None:
        self.habits = Habits()
        self.told: list[HearingEvent] = []
        self.asked_at: list[int] = []
        self.now_ms = 0
        self.ending = Endpointing(
            EndpointSettings(**settings),
            self.habits,
            tell=self.told.append,
            finalize=lambda: self.asked_at.append(self.now_ms),
        )

    async def until(self, ms: int) -> None:
        while self.now_ms < ms:
            self.now_ms += 20
            self.ending.push(self.now_ms)
            await asyncio.sleep(0.02)

    def hear(self, *events: HearingEvent) -> None:
        for event in events:
            self.ending.hear(event)

    def pause(self) -> None:
        self.hear(SpeechPaused(at_ms=self.now_ms - 120, now_ms=self.now_ms))

    def final(self, text: str) -> None:
        end = self.now_ms
        self.hear(FinalHeard(text=text, start_ms=0, end_ms=end, decided_ms=end))

    def guess(self, text: str, *, stable: bool = False) -> None:
        self.hear(PartialHeard(text=text, start_ms=0, end_ms=self.now_ms, stable=stable))

    @property
    def finals(self) -> list[tuple[str, bool]]:
        return [(e.text, e.corrects) for e in self.told if isinstance(e, FinalHeard)]


async def says(text: str, **settings: int) -> Ears:
    """Somebody says this within a second, and pauses."""
    ears = Ears(**settings)
    ears.hear(SpeechStarted(at_ms=0))
    await ears.until(1_000)
    ears.guess(text)
    await ears.until(1_120)
    ears.pause()
    return ears


async def test_a_whole_sentence_is_over_soon_and_its_final_is_asked_for_at_once() -> None:
    ears = await says("What is my balance?")

    await ears.until(1_400)

    (asked,) = ears.asked_at
    assert 1_250 <= asked <= 1_340
    ears.final("What is my balance?")
    assert ears.finals == [("What is my balance?", False)]
    stopped = next(e for e in ears.told if isinstance(e, SpeechStopped))
    assert stopped == SpeechStopped(speech_end_ms=1_000, decided_ms=asked)


async def test_an_open_sentence_is_given_time() -> None:
    ears = await says("My name is")

    await ears.until(1_900)

    assert ears.asked_at == []


async def test_digits_that_were_asked_for_may_be_said_in_groups() -> None:
    ears = await says("four one")
    ears.habits.expected = Expected(asked=Asked.DIGITS, count=4)
    await ears.until(1_900)
    assert ears.asked_at == []

    ears.hear(SpeechResumed(at_ms=1_900))
    await ears.until(2_500)
    ears.guess("four one two seven")
    ears.pause()
    await ears.until(2_800)

    assert len(ears.asked_at) == 1


async def test_a_final_that_the_service_told_in_a_pause_ends_nothing() -> None:
    ears = await says("My name is")
    await ears.until(1_600)
    ears.final("My name is")
    ears.hear(SpeechResumed(at_ms=1_700))
    await ears.until(2_200)
    ears.guess("Maria Lopez.")
    await ears.until(2_320)
    ears.pause()
    await ears.until(2_700)
    ears.final("Maria Lopez.")

    assert ears.finals == [("My name is Maria Lopez.", False)]


async def test_the_last_guess_is_taken_when_the_final_takes_too_long() -> None:
    ears = await says("What is my balance?", final_wait_ms=200)

    await ears.until(2_000)

    assert ears.finals == [("What is my balance?", False)]


async def test_a_late_final_corrects_the_guess_and_the_same_words_do_not() -> None:
    ears = await says("What is my ballad?", final_wait_ms=200)
    await ears.until(2_000)
    ears.final("What is my balance?")
    ears.final("What is my balance?")

    other = await says("What is my balance?", final_wait_ms=200)
    await other.until(2_000)
    other.final("What is my balance?")

    assert ears.finals[:2] == [("What is my ballad?", False), ("What is my balance?", True)]
    assert other.finals == [("What is my balance?", False)]


async def test_a_late_final_does_not_become_part_of_what_is_said_next() -> None:
    ears = await says("What is my ballad?", final_wait_ms=200)
    await ears.until(2_000)
    ears.hear(SpeechStarted(at_ms=1_950))
    ears.hear(FinalHeard(text="What is my balance?", start_ms=0, end_ms=1_000, decided_ms=1_000))
    await ears.until(2_600)
    ears.guess("Hello?")
    await ears.until(2_720)
    ears.pause()
    await ears.until(3_100)
    ears.final("Hello?")

    assert ears.finals == [
        ("What is my ballad?", False),
        ("What is my balance?", True),
        ("Hello?", False),
    ]


async def test_another_agent_may_wait_longer_for_the_same_caller() -> None:
    ears = await says("What is my balance?")
    ears.ending.follow(EndpointSettings(shortest_ms=900))
    await ears.until(2_200)

    (asked,) = ears.asked_at
    assert asked >= 1_900


async def test_a_pause_that_was_none_teaches_the_callers_pace() -> None:
    ears = await says("My name is")
    await ears.until(1_700)
    ears.hear(SpeechResumed(at_ms=1_700))

    assert ears.habits.pace.pauses == 1
    assert ears.habits.pace.pause_ms == 700


async def test_going_on_right_after_a_decision_teaches_it_too_unless_the_agent_was_heard() -> None:
    ears = await says("What is my balance?")
    await ears.until(1_400)
    ears.final("What is my balance?")
    ears.hear(SpeechStarted(at_ms=1_500))
    answered = await says("What is my balance?")
    await answered.until(1_400)
    answered.final("What is my balance?")
    answered.habits.answered = True
    answered.hear(SpeechStarted(at_ms=1_500))

    assert ears.habits.pace.pauses == 1
    assert answered.habits.pace.pauses == 0


async def test_words_that_the_detector_missed_are_taken_as_the_service_ends_them() -> None:
    ears = Ears()
    await ears.until(600)
    ears.guess("hello")
    ears.final("Hello?")

    assert ears.finals == [("Hello?", False)]
    assert isinstance(ears.told[0], SpeechStarted)


async def test_noise_under_the_callers_words_does_not_keep_the_turn_for_ever() -> None:
    ears = Ears()
    ears.hear(SpeechStarted(at_ms=0))
    await ears.until(1_000)
    ears.final("What is my balance?")
    await ears.until(4_100)

    assert len(ears.asked_at) == 1


async def test_a_guess_is_worth_an_answer_only_if_it_reaches_to_the_pause() -> None:
    whole, short = Ears(), Ears()
    for ears, guessed_ms in ((whole, 960), (short, 600)):
        ears.hear(SpeechStarted(at_ms=0))
        await ears.until(guessed_ms)
        ears.guess("i lost my card")
        await ears.until(1_120)
        ears.pause()
        await ears.until(1_380)

    def stable(ears: Ears) -> bool:
        return any(isinstance(e, PartialHeard) and e.stable for e in ears.told)

    assert stable(whole)
    assert not stable(short)


async def test_an_engine_that_ends_utterances_by_itself_is_believed() -> None:
    ears = Ears()
    ears.hear(SpeechStarted(at_ms=0))
    await ears.until(1_000)
    ears.hear(SpeechStopped(speech_end_ms=600, decided_ms=1_000))
    ears.final("What is my balance?")

    assert ears.finals == [("What is my balance?", False)]
    assert ears.asked_at == []


async def test_the_judge_of_sound_ends_a_turn_sooner_or_later_and_only_for_its_own_pause() -> None:
    sure, doubts, stale = [await says("i lost my card") for _ in range(3)]
    sure.ending.judged(0.99, 1_000)
    doubts.ending.judged(0.01, 1_000)
    stale.ending.judged(0.01, 400)

    for ears in (sure, doubts, stale):
        await ears.until(2_200)

    assert sure.asked_at[0] < stale.asked_at[0] < doubts.asked_at[0]


async def test_a_turn_has_the_language_of_its_guess_and_a_late_final_may_tell_another() -> None:
    def final(language: str) -> FinalHeard:
        text = "Quel est mon solde?"
        return FinalHeard(text=text, start_ms=0, end_ms=1_000, decided_ms=1_000, language=language)

    told: list[list[tuple[str, bool]]] = []
    for known, late in (("fr-FR", "fr-FR"), ("it-IT", "fr-FR"), ("fr-FR", "")):
        ears = Ears(final_wait_ms=200)
        ears.hear(SpeechStarted(at_ms=0))
        await ears.until(1_000)
        ears.hear(PartialHeard(text=final("").text, start_ms=0, end_ms=1_000, language=known))
        await ears.until(1_120)
        ears.pause()
        await ears.until(2_000)
        ears.hear(final(late))
        told.append([(e.language, e.corrects) for e in ears.told if isinstance(e, FinalHeard)])

    assert told == [
        [("fr-FR", False)],
        [("it-IT", False), ("fr-FR", True)],
        [("fr-FR", False)],
    ]
