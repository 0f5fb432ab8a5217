"""Who answered a call of ours, told from words and from how long they go on."""

import pytest

from core.answering import Answerer, AnsweringRules, told, told_by_words

RULES = AnsweringRules()


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Hi, you have reached Maria Lopez, I can't come to the phone right now.", "voicemail"),
        ("Please leave a message after the tone.", "voicemail"),
        ("The person you are calling is not available.", "voicemail"),
        ("Your call has been forwarded to an automated voice mail system.", "voicemail"),
        ("Thank you for calling Contoso. For English press one.", "menu"),
        ("Please listen carefully as our menu has changed.", "menu"),
        ("Hello?", None),
        ("Yes, this is Maria speaking.", None),
        ("I am in a meeting, can you call me later?", None),
    ],
)
def test_machines_say_what_machines_say(text: str, who: str | None) -> None:
    assert told_by_words(text) == who


def test_a_person_says_something_short_and_waits() -> None:
    assert told("Hello?", 0.6, RULES, over=True) == (Answerer.PERSON, "words")
    assert told("Hello", 0.6, RULES, over=False) is None


def test_whoever_does_not_stop_is_a_machine() -> None:
    assert told("some long text", RULES.long_s, RULES, over=False) == (
        Answerer.VOICEMAIL,
        "length",
    )


def test_silence_after_noise_tells_nothing() -> None:
    assert told("", 0.0, RULES, over=True) is None
