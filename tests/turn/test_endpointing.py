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


FOUR = Expected(asked=Asked.DIGITS, count=4)


@pytest.mark.parametrize(
    ("language", "agent", "asked", "count"),
    [
        ("de-DE", "Wie lauten die letzten vier Ziffern Ihrer Karte?", Asked.DIGITS, 4),
        ("de-DE", "Nennen Sie mir bitte Ihre vierstellige PIN.", Asked.DIGITS, 4),
        ("de-DE", "Nennen Sie bitte Ihre Kontonummer.", Asked.DIGITS, 0),
        ("de-AT", "Können Sie den Nachnamen buchstabieren?", Asked.SPELLING, 0),
        ("de-DE", "Wie ist Ihr Geburtsdatum?", Asked.DATE, 0),
        ("de-DE", "Wie lautet Ihre E-Mail-Adresse?", Asked.EMAIL, 0),
        ("de-DE", "Ich habe das gefunden. Ist das richtig?", Asked.YES_OR_NO, 0),
        ("de-DE", "Ihre Nummer endet auf vier.", Asked.ANYTHING, 0),
        ("es-ES", "\u00bfCuáles son los últimos cuatro dígitos?", Asked.DIGITS, 4),
        ("es-MX", "Dígame su número de 16 dígitos.", Asked.DIGITS, 16),
        ("es-ES", "\u00bfPuede deletrear su apellido?", Asked.SPELLING, 0),
        ("es-ES", "\u00bfCuál es su fecha de nacimiento?", Asked.DATE, 0),
        ("es-ES", "\u00bfCuál es su correo electrónico?", Asked.EMAIL, 0),
        ("es-ES", "\u00bfEs correcto?", Asked.YES_OR_NO, 0),
        ("fr-FR", "Quels sont les quatre derniers chiffres\u00a0?", Asked.DIGITS, 4),
        ("fr-FR", "Donnez-moi votre numéro de compte, s\u2019il vous plaît.", Asked.DIGITS, 0),
        ("fr-CA", "Pouvez-vous épeler votre nom\u00a0?", Asked.SPELLING, 0),
        ("fr-FR", "Quelle est votre date de naissance\u00a0?", Asked.DATE, 0),
        ("fr-FR", "Quelle est votre adresse e-mail\u00a0?", Asked.EMAIL, 0),
        ("fr-FR", "Est-ce correct\u00a0?", Asked.YES_OR_NO, 0),
        ("it-IT", "Qual è il suo numero?", Asked.ANYTHING, 0),
    ],
)
def test_agents_ask_in_other_languages_too(
    language: str, agent: str, asked: Asked, count: int
) -> None:
    assert expected_of(agent, language) == Expected(asked=asked, count=count)


@pytest.mark.parametrize(
    ("language", "text", "expected", "reading"),
    [
        ("de-DE", "Meine Nummer ist vier eins", ANYTHING, Reading.DICTATING),
        ("de-DE", "vier eins", FOUR, Reading.DICTATING),
        ("de-DE", "Vier eins zwei sieben.", FOUR, Reading.WHOLE),
        ("de-DE", "einundvierzig siebenundzwanzig", FOUR, Reading.WHOLE),
        ("de-DE", "Die letzten vier sind neun acht sieben sechs", FOUR, Reading.WHOLE),
        ("de-DE", "Ich heiße", ANYTHING, Reading.OPEN),
        ("de-DE", "Ich möchte wissen ob", ANYTHING, Reading.OPEN),
        ("de-DE", "Rufen Sie mich bitte an", ANYTHING, Reading.UNCLEAR),
        ("de-DE", "dritter März", Expected(asked=Asked.DATE), Reading.DICTATING),
        ("de-DE", "3. März 1985", Expected(asked=Asked.DATE), Reading.UNCLEAR),
        ("de-DE", "maria punkt lopez", Expected(asked=Asked.EMAIL), Reading.DICTATING),
        ("de-DE", "maria at beispiel punkt de", Expected(asked=Asked.EMAIL), Reading.UNCLEAR),
        ("de-DE", "Ja bitte", Expected(asked=Asked.YES_OR_NO), Reading.WHOLE),
        ("de-DE", "Das weiß ich nicht.", Expected(asked=Asked.DIGITS), Reading.WHOLE),
        ("es-ES", "Mi número es cuatro uno", ANYTHING, Reading.DICTATING),
        ("es-ES", "cuatro uno dos siete", FOUR, Reading.WHOLE),
        ("es-ES", "cuarenta y uno veintisiete", FOUR, Reading.WHOLE),
        ("es-ES", "Me llamo", ANYTHING, Reading.OPEN),
        ("es-ES", "Quiero saber el", ANYTHING, Reading.OPEN),
        ("es-ES", "tres de marzo", Expected(asked=Asked.DATE), Reading.DICTATING),
        ("es-ES", "No lo sé.", Expected(asked=Asked.DIGITS), Reading.WHOLE),
        ("es-ES", "sí gracias", Expected(asked=Asked.YES_OR_NO), Reading.WHOLE),
        ("fr-FR", "Mon numéro c\u2019est quatre un", ANYTHING, Reading.DICTATING),
        ("fr-FR", "quatre un", FOUR, Reading.DICTATING),
        ("fr-FR", "quatre un deux sept", FOUR, Reading.WHOLE),
        ("fr-FR", "quarante et un vingt-sept", FOUR, Reading.WHOLE),
        ("fr-FR", "quatre-vingt-dix-sept soixante-douze", FOUR, Reading.WHOLE),
        ("fr-FR", "Je m\u2019appelle", ANYTHING, Reading.OPEN),
        ("fr-FR", "trois mars", Expected(asked=Asked.DATE), Reading.DICTATING),
        ("fr-FR", "Oui merci", Expected(asked=Asked.YES_OR_NO), Reading.WHOLE),
        ("it-IT", "il mio numero è 41", ANYTHING, Reading.DICTATING),
        ("it-IT", "Vorrei sapere il mio saldo.", ANYTHING, Reading.WHOLE),
    ],
)
def test_words_of_other_languages_look_finished_or_not(
    language: str, text: str, expected: Expected, reading: Reading
) -> None:
    assert reading_of(text, expected, language) is reading


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
