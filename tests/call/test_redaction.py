"""What can be told of a person from words is taken out of them; what a call is about stays."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.redaction import redact, redacted

NAMES = ("Maria Lopez",)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("My name is Maria Lopez.", "My name is [name]."),
        ("maria   lopez here, Ms. Lopez", "[name] here, Ms. [name]"),
        ("Write to maria.l+x@mail.example.com.", "Write to [email]."),
        ("it is maria dot lopez at mail dot com", "it is [email]"),
        ("My card is 4111 1111 1111 1111.", "My card is [card]."),
        ("Call me at +1 (555) 010-0100, please", "Call me at [phone], please"),
        ("or 555-010-0100", "or [phone]"),
        ("Four one two seven.", "[number]."),
        ("For one to seven.", "[number]."),
        ("Thank you for one of the two cards.", "Thank you for one of the two cards."),
        ("double five, oh one zero", "[number]"),
        ("It ends in 4127", "It ends in [number]"),
        ("born on 1985-03-07", "born on [date]"),
        ("born March 7th, 1985", "born [date]"),
        ("born on the seventh of March nineteen eighty five", "born on the [date]"),
        ("03/07/85 is my birthday", "[date] is my birthday"),
        ("The fee was $35.00, or 1,250 dollars.", "The fee was $35.00, or 1,250 dollars."),
        ("I have two cards and one 401k.", "I have two cards and one 401k."),
        ("The length may be the fourth issue.", "The length may be the fourth issue."),
        ("It may take three days.", "It may take three days."),
    ],
)
def test_words_lose_the_person_and_keep_the_matter(said, kept):
    assert redact(said, NAMES) == kept


UNITS = ("dollar", "cent", "euro", "pound", "percent", "%")
WORDS = st.text(max_size=80) | st.lists(
    st.sampled_from([*"one two 4127 $35 march 7th maria lopez at dot com @ - , 555 [name]".split()])
).map(" ".join)


@given(WORDS)
def test_what_was_redacted_once_stays_as_it_is(text):
    once = redact(text, NAMES)

    assert redact(once, NAMES) == once


@given(st.integers(10**6, 10**18), WORDS, WORDS)
def test_no_long_number_is_left_whatever_stands_around_it(number, before, after):
    unit = after.lstrip().casefold().startswith(UNITS)
    assume(not unit and not before.rstrip().endswith(("$", "€", "£")))  # amounts stay
    assert str(number) not in redact(f"{before} {number} {after}", NAMES)


@given(WORDS, WORDS)
def test_no_known_name_is_left(before, after):
    assert "lopez" not in redact(f"{before} Lopez {after}", NAMES).lower()


def test_every_text_in_a_value_is_redacted_and_its_shape_stays():
    value = {"a": ["Lopez", {"b": "ends in 4127"}], "n": 4127, "ok": True, "none": None}

    assert redacted(value, NAMES) == {
        "a": ["[name]", {"b": "ends in [number]"}], "n": 4127, "ok": True, "none": None,
    }  # fmt: skip
