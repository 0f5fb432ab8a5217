"""Who answered a call of ours, told from words and from how long they go on."""

import pytest

from core.answering import Answerer, AnsweringRules, told, told_by_words

RULES = AnsweringRules()


SAID = {
    "en-US": {
        "voicemail": [
            "Hi, you have reached Maria Lopez, I can't come to the phone right now.",
            "Please leave a message after the tone.",
            "The person you are calling is not available.",
            "Your call has been forwarded to an automated voice mail system.",
            "Maria\u2019s not available, leave your name and number.",
        ],
        "menu": [
            "Thank you for calling Contoso. For English press one.",
            "Please listen carefully as our menu has changed.",
        ],
        "anybody": [
            "Hello?",
            "Yes, this is Maria speaking.",
            "I am in a meeting, can you call me later?",
            "Please press the button for me.",
        ],
    },
    "de-DE": {
        "voicemail": [
            "Guten Tag, hier ist der Anrufbeantworter der Familie Meier.",
            "Bitte hinterlassen Sie uns Ihren Namen und Ihre Nummer.",
            "Sprechen Sie bitte nach dem Signalton.",
            "Der gew\u00fcnschte Gespr\u00e4chspartner ist zurzeit nicht erreichbar.",
            "Ich kann gerade nicht ans Telefon kommen, ich rufe Sie so bald wie m\u00f6glich "
            "zur\u00fcck.",
        ],
        "menu": [
            "F\u00fcr den Verkauf dr\u00fccken Sie bitte die Eins.",
            "Dieser Anruf wird zu Schulungszwecken aufgezeichnet.",
        ],
        "anybody": [
            "Meier, guten Tag?",
            "Ich bin gerade in einer Besprechung, rufen Sie mich sp\u00e4ter zur\u00fcck?",
        ],
    },
    "es-ES": {
        "voicemail": [
            "Ha llamado al buz\u00f3n de voz de Mar\u00eda.",
            "Deje su mensaje despu\u00e9s de o\u00edr la se\u00f1al.",
            "El tel\u00e9fono al que llama est\u00e1 apagado o fuera de cobertura.",
            "Ahora no puedo atender, te llamar\u00e9 en cuanto pueda.",
        ],
        "menu": ["Para ventas, pulse el uno.", "La llamada puede ser grabada."],
        "anybody": [
            "\u00bfD\u00edgame?",
            "Estoy en una reuni\u00f3n, \u00bfme llama m\u00e1s tarde?",
        ],
    },
    "fr-FR": {
        "voicemail": [
            "Vous \u00eates bien sur le r\u00e9pondeur de Marie.",
            "Laissez-moi un message apr\u00e8s le bip.",
            "La personne que vous appelez n'est pas disponible.",
            "Je ne peux pas vous r\u00e9pondre, je vous rappelle d\u00e8s que possible.",
        ],
        "menu": [
            "Pour le service client, tapez un.",
            "Cet appel est susceptible d'\u00eatre enregistr\u00e9.",
        ],
        "anybody": ["All\u00f4, oui ?", "Je suis en r\u00e9union, rappelez-moi plus tard."],
    },
}
EVERYTHING = [
    (language, text, None if who == "anybody" else who)
    for language, kinds in SAID.items()
    for who, texts in kinds.items()
    for text in texts
]


@pytest.mark.parametrize(("language", "text", "who"), EVERYTHING)
def test_machines_say_what_machines_say(language: str, text: str, who: str | None) -> None:
    assert told_by_words(text, (language,)) == who


@pytest.mark.parametrize(("language", "text", "who"), EVERYTHING)
def test_they_say_it_in_any_language_where_none_is_known(
    language: str, text: str, who: str | None
) -> None:
    assert told_by_words(text) == who
    assert told_by_words(text, ("it-IT",)) == who


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Please leave a message after the tone.", "voicemail"),
        ("The person you have called is not available.", "voicemail"),
        ("For English, press one.", "menu"),
        ("Sprechen Sie bitte nach dem Signalton.", "voicemail"),
        ("Para ventas, pulse el uno.", "menu"),
        ("Laissez-moi un message apr\u00e8s le bip.", "voicemail"),
        ("I'm not available on Monday.", None),
        ("She is away from her desk. Would you like to leave a message?", None),
        ("Let me look at it and I'll get back to you.", None),
        ("Am Montag bin ich nicht erreichbar.", None),
        ("Le llamar\u00e9 ma\u00f1ana.", None),
        ("Je ne suis pas disponible lundi.", None),
    ],
)
def test_some_words_no_person_says_and_others_a_person_says_as_well(
    text: str, who: str | None
) -> None:
    assert told_by_words(text, surely=True) == who


def test_a_person_says_something_short_and_waits() -> None:
    assert told("Hello?", RULES, over=True) == (Answerer.PERSON, "words")
    assert told("Hello", RULES, over=False) is None


def test_whoever_does_not_stop_is_a_machine_if_he_says_much() -> None:
    much = "this is the office of doctor miller we are open on mondays"

    assert told(much, RULES, over=False, long=True) == (Answerer.VOICEMAIL, "length")
    assert told("Hello?", RULES, over=False, long=True) == (Answerer.PERSON, "words")
    assert told("", RULES, over=False, long=True) == (Answerer.NOBODY, "silence")
    assert told("", RULES, over=True, long=True, before=Answerer.NOBODY) is None


def test_who_was_a_person_may_speak_for_as_long_as_he_likes() -> None:
    for before in (Answerer.PERSON, Answerer.MENU):
        assert told("well " * 20, RULES, over=False, long=True, before=before) is None


def test_nothing_is_told_twice() -> None:
    for text, who in (("hello", Answerer.PERSON), ("for sales press two", Answerer.MENU)):
        assert told(text, RULES, over=True) == (who, "words")
        assert told(text, RULES, over=True, before=who) is None


def test_silence_after_noise_tells_nothing() -> None:
    assert told("", RULES, over=True) is None
