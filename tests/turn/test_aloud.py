"""What is written in figures is spoken in words, and one knows how much of it was said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.aloud import aloud
from core.speech import sayable

SAMPLES = [
    "$1,250.50 ", "ends in 4127 ", "(555) 010-0199 ", "on 2025-03-03 ", "3:05 PM ", "19.9% ",
    "plain words ", "a@b.com ", "401(k) ", "5 km & more ", "#7 ", "1/2 ", "- ", ". ", "0 ", "é ",
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # money
        ("Your balance is $1,250.50.",
         "Your balance is one thousand two hundred fifty dollars and fifty cents."),
        ("You owe -$1 and $0.99.", "You owe minus one dollar and ninety-nine cents."),
        ("It is $95/month, or $1.5 million, or £5.01, or 10 EUR.",
         "It is ninety-five dollars per month, or one point five million dollars, "
         "or five pounds and one penny, or ten euros."),
        # rates, ranges, units
        ("An APR of 19.9% for 3-5 days.",
         "An APR of nineteen point nine percent for three to five days."),
        ("20°C, -3°F, 5 kg, 1 km, 60 mph, 2x",
         "twenty degrees Celsius, minus three degrees Fahrenheit, five kilograms, one kilometer, "
         "sixty miles per hour, two times"),
        ("1/2, 3.14, 1,000,000, the 22nd",
         "one half, three point one four, one million, the twenty-second"),
        # dates and times
        ("On 2025-03-03, 3/15/2025 or March 3, 2025.",
         "On March third, twenty twenty-five, March fifteenth, twenty twenty-five "
         "or March third, twenty twenty-five."),
        ("Since 1985, until Dec. 24th or 21 June.",
         "Since nineteen eighty-five, until December twenty-fourth or June twenty-first."),
        ("9am, 15:30, 3:05 p.m., 12:00, open 24/7",
         "nine AM, three thirty PM, three oh five PM, twelve o'clock, open twenty-four seven"),
        ("We close at 5 p.m.", "We close at five PM."),
        ("On 02/30/2025", "On two/thirty/two thousand twenty-five"),  # no such day: as it stands
        ("In the 1990s, the '80s and the 2010s",
         "In the nineteen nineties, the eighties and the twenty tens"),
        # identifiers
        ("Call (555) 010-0199 or +49 30 1234567.",
         "Call five five five, zero one zero, zero one nine nine "
         "or plus four nine, three zero, one two three four five six seven."),
        ("Card 4111 1111 1111 1234", "Card four one one one, one one one one, one one one one, "
         "one two three four"),
        ("the card ending in 4127, ****4127, account 12345678",
         "the card ending in four one two seven, ending in four one two seven, "
         "account one two three four, five six seven eight"),
        ("routing number 021000021",
         "routing number zero two one, zero zero zero, zero two one"),
        ("Your code is 4127, reference ABC-123, zip code 98052.",
         "Your code is four one two seven, reference A B C, one two three, "
         "zip code nine eight zero five two."),
        ("SSN 123-45-6789", "SSN one two three, four five, six seven eight nine"),
        ("your 401(k) or 401k", "your four oh one k or four oh one k"),
        ("See https://www.contoso.com/help?x=1 or mail a.lopez@contoso.com.",
         "See contoso dot com slash help or mail a dot lopez at contoso dot com."),
        # signs
        ("Q & A about order #5, e.g. No. 7",
         "Q and A about order number five, for example number seven"),
        ("Nothing to do here, Dr. Smith.", "Nothing to do here, Dr. Smith."),
    ],
)  # fmt: skip
def test_english_is_spoken_for_the_ear(written, spoken):
    assert aloud(written).text == spoken


def test_only_americans_write_the_month_first():
    assert aloud("03/04/2025", "en-US").text == "March fourth, twenty twenty-five"
    assert aloud("03/04/2025", "en-GB").text == "April third, twenty twenty-five"


def test_other_languages_leave_all_but_long_numbers_to_the_voice():
    said = aloud("Rufen Sie 0301234567 an, es kostet 1.250,50 € am 3.3.2025.", "de-DE").text

    assert said == "Rufen Sie 0 3 0 1 2 3 4 5 6 7 an, es kostet 1.250,50 € am 3.3.2025."


def test_a_cut_counts_a_figure_only_once_all_of_it_was_said():
    said = aloud("You have $1,250 left.")

    assert said.text == "You have one thousand two hundred fifty dollars left."
    assert said.written(len("You have one thousand two")) == len("You have ")
    assert said.written(len("You have one thousand two hundred fifty dollars")) == len(
        "You have $1,250"
    )
    assert said.written(len(said.text)) == len("You have $1,250 left.")


@given(st.lists(st.sampled_from(SAMPLES), max_size=12).map("".join), st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_who_heard_more_never_knows_less(text, data):
    said = aloud(text)
    sooner = data.draw(st.integers(0, len(said.text)))
    later = data.draw(st.integers(sooner, len(said.text)))

    assert 0 <= said.written(sooner) <= said.written(later) <= len(text)
    assert said.written(len(said.text)) == len(text)


@given(st.text("0123456789.,:/-$%()#+ abkxAMPm°&@*", max_size=120))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_whatever_is_written_can_be_said(text):
    said = aloud(text)

    assert said.written(len(said.text)) == len(text)


ADDRESSES = ["https://", "www.", "mailto:", "?a", "/", ".", " ", "a.de", "@", "1"]


@given(st.lists(st.sampled_from(ADDRESSES)).map("".join))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_what_has_words_has_words_when_it_is_spoken(text):
    assert sayable(aloud(text).text) or not sayable(text)


def test_an_address_of_which_nothing_would_be_said_is_left_as_it_is():
    assert aloud("https://?a=b").text == "https://?a=b"
