"""Model tokens become speakable pieces, however they are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sentences import Splitter, plain

ALPHABET = "abcAB 019.,!?:;…。'\"()[]*_`#-\n$%/"
TEXTS = st.one_of(
    st.text(ALPHABET, max_size=400),
    st.lists(
        st.sampled_from(
            ["This is what I found about you and your cards ", "but there is more to it ",
             "Dr. Smith has $1,250.50. ", "See you at 5 p.m. today. ", "**Now.** ", "e.g. this ",
             "[a link. here](https://a.b/c). ", "Well, yes; it is so: done! ", "- item\n", "3.14 "]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


def pieces(*tokens):
    splitter = Splitter()
    return [piece for token in tokens for piece in splitter.feed(token)] + splitter.flush()


def bare(text):
    return "".join(text.split())


@given(TEXTS, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_pieces_do_not_depend_on_how_the_text_was_cut_into_tokens(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    tokens = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert pieces(*tokens) == pieces(text)


@given(st.text("abc AB019.,!?:;…'\"()$%/\n", max_size=600))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nothing_of_a_plain_text_is_lost_or_added(text):
    assert bare("".join(pieces(text))) == bare(text)


@given(TEXTS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_piece_is_empty_or_endless(text):
    for piece in pieces(text + "word " * 100):
        assert piece.strip()
        assert len(piece) < 600


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Your balance is $1,250.50. Anything else?",
         ["Your balance is $1,250.50.", "Anything else?"]),
        ("Dr. Smith called at 5 p.m. today. Fine.",
         ["Dr. Smith called at 5 p.m. today.", "Fine."]),
        ("We close at 5 p.m. Come early.", ["We close at 5 p.m.", "Come early."]),
        ("Certainly, I can do that. It takes a moment, please wait.",
         ["Certainly,", "I can do that.", "It takes a moment, please wait."]),
        ("Well, yes. No.", ["Well, yes.", "No."]),
        ("See https://bank.example/a.b?c=d. Then call.",
         ["See https://bank.example/a.b?c=d.", "Then call."]),
        ("He said \"stop.\" Then left.", ["He said \"stop.\"", "Then left."]),
        ("Wait... what? Really?!", ["Wait...", "what?", "Really?!"]),
        ("好。谢谢！再见", ["好。", "谢谢！", "再见"]),  # noqa: RUF001
        ("# Title\n\n- **first** item\n- `second` item\n",
         ["Title", "first item", "second item"]),
        ("Ask for [the gold card](https://x.y/z) now.", ["Ask for the gold card now."]),
        ("2. Then sign here.", ["2. Then sign here."]),
        ("The last payment was made on Monday and it has been booked. Fine and good.",
         ["The last payment was made on Monday", "and it has been booked.", "Fine and good."]),
        ("You have two thousand four hundred dollars in your checking account at our bank.",
         ["You have two thousand four hundred dollars in your", "checking account at our bank."]),
        ("You have two thousand four hundred dollars in your account.",
         ["You have two thousand four hundred dollars in your account."]),
        ("Your card and your account are fine.", ["Your card and your account are fine."]),
        ("Good. You have two thousand four hundred dollars in the account and more.",
         ["Good.", "You have two thousand four hundred dollars in the account and more."]),
    ],
)  # fmt: skip
def test_texts_are_cut_where_a_speaker_would_breathe(text, expected):
    assert pieces(*text) == expected


def test_a_first_piece_does_not_wait_for_its_sentence():
    splitter = Splitter()
    long = "You have two thousand four hundred dollars in your checking account that"

    assert splitter.feed(long) == ["You have two thousand four hundred dollars in your"]


def test_a_dot_is_not_an_end_until_the_next_character_is_known():
    splitter = Splitter()

    assert splitter.feed("It is 3.") == []
    assert splitter.feed("5 percent. ") == ["It is 3.5 percent."]


def test_markup_is_not_spoken():
    assert plain("**Bold** and _soft_ `code` ~~gone~~ | cell") == "Bold and soft code gone cell"
    assert plain("snake_case and 2_000 stay") == "snake_case and 2_000 stay"
