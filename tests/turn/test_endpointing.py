"""How long a silence must last, told from words, from what was asked, and from habit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.endpointing import (
    Asked,
    EndpointSettings,
    Expected,
    Pace,
    Reading,
    after_pause,
    expected_of,
    reading_of,
    silence_ms,
    usual_ms,
)

RULES = EndpointSettings()
ANYTHING = Expected()


@pytest.mark.parametrize(
    ("agent", "asked", "count"),
    [
        ("And what are the last four digits of your social security number?", Asked.DIGITS, 4),
        ("Thank you. Please say your 16-digit card number.", Asked.DIGITS, 16),
        ("What is your e-mail address?", Asked.EMAIL, 0),
        ("Could you spell your last name for me?", Asked.SPELLING, 0),
        ("What is your date of birth?", Asked.DATE, 0),
        ("I have found it. Is that correct?", Asked.YES_OR_NO, 0),
        ("Your card number ends in four.", Asked.ANYTHING, 0),
        ("How can I help you today?", Asked.ANYTHING, 0),
        ("", Asked.ANYTHING, 0),
    ],
)
def test_the_agents_words_tell_what_kind_of_answer_comes(
    agent: str, asked: Asked, count: int
) -> None:
    assert expected_of(agent) == Expected(asked=asked, count=count)


@pytest.mark.parametrize(
    ("text", "expected", "reading"),
    [
        ("What is my balance?", ANYTHING, Reading.WHOLE),
        ("I lost my card.", ANYTHING, Reading.WHOLE),
        ("i lost my card", ANYTHING, Reading.UNCLEAR),
        ("I would like to.", ANYTHING, Reading.OPEN),
        ("My name is.", ANYTHING, Reading.OPEN),
        ("My balance and um", ANYTHING, Reading.OPEN),
        ("", ANYTHING, Reading.NOTHING),
        ("Four one", Expected(asked=Asked.DIGITS, count=4), Reading.DICTATING),
        (
            "The last four, nine, eight, seven, six.",
            Expected(asked=Asked.DIGITS, count=4),
            Reading.WHOLE,
        ),
        ("I would like to know what my balance is.", ANYTHING, Reading.WHOLE),
        ("Yes, please do that.", Expected(asked=Asked.YES_OR_NO), Reading.WHOLE),
        ("Four one two seven.", Expected(asked=Asked.DIGITS, count=4), Reading.WHOLE),
        ("4127", Expected(asked=Asked.DIGITS, count=4), Reading.WHOLE),
        ("My number is 555 01", ANYTHING, Reading.DICTATING),
        ("I don't know.", Expected(asked=Asked.DIGITS), Reading.WHOLE),
        ("M A R", Expected(asked=Asked.SPELLING), Reading.DICTATING),
        ("maria dot lopez at", Expected(asked=Asked.EMAIL), Reading.OPEN),
        ("maria dot lopez", Expected(asked=Asked.EMAIL), Reading.DICTATING),
        ("maria dot lopez at example dot com", Expected(asked=Asked.EMAIL), Reading.UNCLEAR),
        ("March third", Expected(asked=Asked.DATE), Reading.DICTATING),
        ("I would like to know what.", ANYTHING, Reading.OPEN),
        ("No, I.", Expected(asked=Asked.YES_OR_NO), Reading.OPEN),
        ("I have none.", Expected(asked=Asked.EMAIL), Reading.WHOLE),
        ("March 3rd, 1985.", Expected(asked=Asked.DATE), Reading.WHOLE),
        ("Yes", Expected(asked=Asked.YES_OR_NO), Reading.WHOLE),
    ],
)
def test_words_look_finished_or_not(text: str, expected: Expected, reading: Reading) -> None:
    assert reading_of(text, expected) is reading


def test_a_number_in_the_middle_is_waited_for_longest_and_a_whole_sentence_least() -> None:
    waits = {reading: silence_ms(reading, Pace(), RULES) for reading in Reading}

    assert waits[Reading.WHOLE] < waits[Reading.UNCLEAR] == RULES.usual_ms
    assert waits[Reading.DICTATING] == RULES.dictation_ms
    assert waits[Reading.OPEN] >= 2 * RULES.usual_ms


def test_fixed_endpointing_knows_one_silence() -> None:
    fixed = EndpointSettings(fixed=True, usual_ms=700)

    assert {silence_ms(r, Pace(pause_ms=90, pauses=9), fixed) for r in Reading} == {700}


def test_a_caller_who_thinks_between_words_is_given_his_time() -> None:
    slow = quick = Pace()
    for _ in range(8):
        slow, quick = after_pause(slow, 900, RULES), after_pause(quick, 180, RULES)

    assert usual_ms(slow, RULES) > 1_000
    assert usual_ms(quick, RULES) < RULES.usual_ms


def test_the_judge_of_sound_shortens_and_lengthens() -> None:
    done, going_on = (silence_ms(Reading.UNCLEAR, Pace(), RULES, p) for p in (0.9, 0.01))

    assert done < RULES.usual_ms < going_on


@given(
    st.sampled_from(Reading),
    st.lists(st.floats(0, 20_000), max_size=30),
    st.none() | st.floats(0, 1),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_habit_and_no_judge_leads_out_of_the_bounds(
    reading: Reading, pauses: list[float], likely: float | None
) -> None:
    pace = Pace()
    for pause in pauses:
        pace = after_pause(pace, pause, RULES)

    assert RULES.shortest_ms <= silence_ms(reading, pace, RULES, likely) <= RULES.longest_ms
