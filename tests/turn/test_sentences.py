"""Model tokens become speakable pieces, however they are cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.aloud import aloud
from core.sentences import Splitter, plain
from core.speech import sayable

ALPHABET = "abcAB 019.,!?:;…。'\"()[]*_`#-\n$%/"
TEXTS = st.one_of(
    st.text(ALPHABET, max_size=400),
    st.lists(
        st.sampled_from(
            ["This is what I found about you and your cards ", "but there is more to it ",
             "Dr. Smith has $1,250.50. ", "See you at 5 p.m. today. ", "**Now.** ", "e.g. this ",
             "[a link. here](https://a.b/c). ", "Well, yes; it is so: done! ", "- item\n", "3.14 ",
             "```py\nx = 1.\n```\n", "| a | b. |\n|---|---|\n| c | d |\n", "好。谢谢！",  # noqa: RUF001
             "मैं ठीक हूँ। ", "am 3. März ", "See No. 5. ", "😀 ", "---\n", ":) ", "...\n", "? ", "— ",
             "| - | |\n"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip


def pieces(*tokens):
    splitter = Splitter()
    return [piece for token in tokens for piece in splitter.feed(token)] + splitter.flush()


def words(text):
    return "".join(filter(str.isalnum, text))


def bare(text):
    return "".join(text.split())


@given(TEXTS, st.data())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_pieces_do_not_depend_on_how_the_text_was_cut_into_tokens(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=20)))
    tokens = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert pieces(*tokens) == pieces(text)


WORDS = st.tuples(
    st.text(".,!?:;…'\"()$%/", max_size=3),
    st.text("abcAB019", min_size=1, max_size=9),
    st.text(".,!?:;…'\"()$%/", max_size=3),
    st.sampled_from([" ", "\n", "  "]),
).map("".join)


@given(st.lists(WORDS, max_size=60).map("".join))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nothing_of_a_plain_text_is_lost_or_added(text):
    # A line that is no sentence is spoken as one.
    assert bare("".join(pieces(text))).replace(".", "") == bare(text).replace(".", "")


@given(TEXTS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_piece_has_something_to_say_and_none_is_endless(text):
    for piece in [*pieces(text), *pieces(text + "word " * 100)]:
        assert sayable(piece)
        assert sayable(aloud(piece).text)
        assert len(piece) < 600


@given(st.lists(WORDS | st.sampled_from([":) ", "...\n", "? ", "— ", "!!\n"])).map("".join))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_no_word_is_lost_with_what_no_voice_can_say(text):
    assert words("".join(pieces(text))) == words(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You're welcome! :)", ["You're welcome!"]),
        ("Let me see.\n...\nTen.", ["Let me see.", "Ten."]),
        ("... Well, that is it. — ! Fine.", ["Well, that is it.", "Fine."]),
        ("« Bonjour. »", ["« Bonjour."]),
        ("... !? :-)", []),
    ],
)
def test_what_no_voice_can_say_is_no_piece(text, expected):
    assert pieces(*text) == expected


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
         ["Title.", "first item.", "second item."]),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is no. See No. 5 on p. 3.", ["The answer is no.", "See No. 5 on p. 3."]),
        ("It was paid on Jan. 5. It is approx. 3.5 percent.",
         ["It was paid on Jan. 5.", "It is approx. 3.5 percent."]),
        ("Am 3. März kommt Dr. Müller, z. B. um 3 Uhr. Gut?",
         ["Am 3. März kommt Dr. Müller,", "z. B. um 3 Uhr.", "Gut?"]),
        ("El Sr. López llegó. ¿Cómo está Ud.? Bien.",
         ["El Sr. López llegó.", "¿Cómo está Ud.?", "Bien."]),
        ("C'est M. Dupont. Il arrive.", ["C'est M. Dupont.", "Il arrive."]),
        ("「はい。」元気？", ["「はい。」", "元気？"]),  # noqa: RUF001
        ("नमस्ते। आप कैसे हैं? मैं ठीक हूँ।", ["नमस्ते।", "आप कैसे हैं?", "मैं ठीक हूँ।"]),
        ("مرحبا. كيف حالك؟ أنا بخير.", ["مرحبا.", "كيف حالك؟", "أنا بخير."]),
        ("شكرا جزيلا لك، سأتحقق من ذلك.", ["شكرا جزيلا لك،", "سأتحقق من ذلك."]),
        ("我们已经为您查询了账户，目前您有两千四百美元。好吗？",  # noqa: RUF001
         ["我们已经为您查询了账户，", "目前您有两千四百美元。", "好吗？"]),  # noqa: RUF001
    ],
)  # fmt: skip
def test_other_languages_end_their_sentences_their_own_way(text, expected):
    assert pieces(*text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Here it is:\n```python\nprint('a. b')\n```\nAnything else?",
         ["Here it is:", "Anything else?"]),
        ("| Card | Fee |\n|---|---:|\n| Gold | $95 |\n| **Basic** | $0 |\nWhich one?",
         ["Gold: Fee $95.", "Basic: Fee $0.", "Which one?"]),
        ("| just | one line |\n", ["just, one line."]),
        ("Sure! 😀 **Bold** 👍🏽 and <b>this</b>[^1].", ["Sure!", "Bold and this."]),
        ("One.\n\n---\n\n> A quote\n\n- [ ] a task\n1. a step\n",
         ["One.", "A quote.", "a task.", "1. a step."]),
        ("See ![a map](x.png) or [the page][2] or <https://a.b>.",
         ["See a map or the page", "or https://a.b."]),
    ],
)  # fmt: skip
def test_what_is_for_the_eye_is_not_read_out(text, expected):
    assert pieces(*text) == expected


def test_a_piece_after_a_short_one_is_not_long():
    sentence = "there are many clauses, and each of them goes on, since the model likes them so, "
    first, second, *_ = pieces("Well, it is like this. " + sentence * 8)

    assert first == "Well, it is like this."
    assert len(second) < 110
    assert second.endswith(",")


def test_figures_count_as_long_as_they_are_said():
    text = "Here they are. One has $12,450.75, one $18,200.10, one $23,640.20, one $640.20."

    assert max(len(aloud(piece).text) for piece in pieces(text)) < 150


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
