from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import heard, spoken

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
CENTS = st.integers(min_value=0, max_value=10**11)
DAYS = st.dates(min_value=date(1910, 1, 1), max_value=date(2099, 12, 31))


@FIXED
@given(CENTS)
def test_money_that_is_spoken_is_heard_as_the_same_amount(cents: int) -> None:
    said = spoken.money(cents)

    assert heard.amount_heard(said) == cents


@FIXED
@given(CENTS)
def test_money_in_figures_is_heard(cents: int) -> None:
    figures = f"${cents // 100:,}.{cents % 100:02}"

    assert heard.amount_heard(figures) == cents


@FIXED
@given(st.text("0123456789", min_size=1, max_size=12))
def test_digits_that_are_spoken_are_heard(digits: str) -> None:
    said = spoken.digits(digits)

    assert heard.digits_heard(said, len(digits)) == digits


@FIXED
@given(st.text("123456789", min_size=4, max_size=4))
def test_digits_said_in_pairs_are_heard(digits: str) -> None:
    pairs = f"{spoken.number(int(digits[:2]))} {spoken.number(int(digits[2:]))}"

    assert heard.digits_heard(pairs, 4) == digits


@FIXED
@given(DAYS)
def test_a_day_that_is_spoken_is_heard(day: date) -> None:
    said = f"{spoken.day(day)} {spoken.year(day.year)}"

    assert heard.date_heard(said) == day


@FIXED
@given(st.text(max_size=80))
def test_no_words_are_too_strange_to_hear(text: str) -> None:
    heard.amount_heard(text)
    heard.digits_heard(text, 4)
    heard.date_heard(text)
    heard.name_heard(text, asked=True)
    heard.yes_or_no(text)


@pytest.mark.parametrize(
    "said",
    [
        "four one two seven",
        "4127",
        "41 27",
        "4-1-2-7.",
        "4,127",
        "forty-one twenty-seven",
        "four thousand one hundred twenty seven",
        "for one to seven",
        "It's four one two seven, thanks.",
        "and the last four are 4 1 2 7",
    ],
)
def test_the_last_four_are_heard_however_they_are_said(said: str) -> None:
    digits = heard.digits_heard(said, 4)

    assert digits == "4127"


@pytest.mark.parametrize("said", ["", "four one two", "I don't know", "41275"])
def test_other_than_four_digits_are_not_guessed(said: str) -> None:
    digits = heard.digits_heard(said, 4)

    assert digits is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Maria Lopez.", "Maria Lopez"),
        ("Yes, it's Maria Lopez", "Maria Lopez"),
        ("um my name is maria lopez and I want my balance", "Maria Lopez"),
        ("this is James Carter calling", "James Carter"),
        ("My full name is Emily Chen, 7718", "Emily Chen"),
        ("Yeah. Maria Lopez", "Maria Lopez"),
        ("I'm interested in a card", None),
        ("I want to speak to a person", None),
        ("what's my balance", None),
        ("four one two seven", None),
    ],
)
def test_a_name_is_heard_in_the_answer_to_a_question(said: str, name: str | None) -> None:
    found = heard.name_heard(said, asked=True)

    assert found == name


def test_a_bare_name_is_not_a_name_when_nobody_asked() -> None:
    found = heard.name_heard("Maria Lopez", asked=False)

    assert found is None


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ("twelve hundred dollars and fifty cents", 1200_50),
        ("about five hundred bucks", 500_00),
        ("50k", 50_000_00),
        ("fifty thousand", 50_000_00),
        ("oh, a hundred dollars", 100_00),
        ("seventy-five cents", 75),
    ],
)
def test_amounts_are_heard_as_people_say_them(said: str, cents: int) -> None:
    amount = heard.amount_heard(said)

    assert amount == cents


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ("Yeah.", True),
        ("yes please", True),
        ("Sure, go ahead", True),
        ("No.", False),
        ("no thank you", False),
        ("I don't think so", False),
        ("No problem.", True),
        ("No, no problem", False),
        ("maybe", None),
    ],
)
def test_yes_and_no_are_told_apart(said: str, agreed: bool | None) -> None:
    answer = heard.yes_or_no(said)

    assert answer is agreed


def test_a_yes_with_a_wish_in_it_is_more_than_a_yes() -> None:
    bare, more = (
        heard.only_yes_or_no("Yes, please."),
        heard.only_yes_or_no("yes what is my balance"),
    )

    assert bare is True
    assert more is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (spoken.money(1250_50), "one thousand two hundred fifty dollars and fifty cents"),
        (spoken.money(-1_01), "minus one dollar and one cent"),
        (spoken.day("2026-03-21"), "March twenty-first"),
        (spoken.percent("19.9"), "nineteen point nine percent"),
        (spoken.percent(20), "twenty percent"),
        (spoken.year(2005), "two thousand five"),
        (spoken.listed(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_values_are_said_the_way_people_say_them(text: str, said: str) -> None:
    assert text == said
