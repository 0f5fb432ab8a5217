"""Languages as rules: who speaks what, with which voice and words."""

from dataclasses import fields

import pytest

from core.agents import AgentSpec, SpeechSpec
from core.languages import name_of, speech_of, spoken_after, voice_of
from core.phrases import PHRASES, Phrases, phrases_in
from core.speech import Voice


@pytest.mark.parametrize(
    ("known", "heard", "text", "expected"),
    [
        ("", "de-DE", "Hallo", "de-DE"),  # better than nothing
        ("de-DE", "en-US", "okay", "de-DE"),
        ("de-DE", "en-US", "could you say that in English", "en-US"),
        ("en-US", "ja-JP", "口座の残高を教えていただけますか", "ja-JP"),
        ("de-DE", "", "an engine that recognises no language", "de-DE"),
    ],
)
def test_a_language_changes_when_enough_was_said_in_it(
    known: str, heard: str, text: str, expected: str
) -> None:
    assert spoken_after(known, heard, text) == expected


def test_a_voice_is_the_one_for_the_language_or_its_kind_or_the_only_one() -> None:
    agent = AgentSpec(
        name="Ann",
        prompt="",
        voice=Voice(name="Ava"),
        voices={"de-AT": Voice(name="Ingrid"), "de": Voice(name="Katja")},
    )

    chosen = [voice_of(agent, tag).name for tag in ("de-AT", "de", "de-CH", "fr-FR")]

    assert chosen == ["Ingrid", "Katja", "Ingrid", "Ava"]


def test_a_caller_whose_language_an_agent_does_not_list_is_heard_in_it_all_the_same() -> None:
    agent = AgentSpec(name="Ann", prompt="", speech=SpeechSpec(languages=("es-ES",)))

    assert speech_of(agent, "es-MX") is agent.speech
    assert speech_of(agent, "") is agent.speech
    other = speech_of(agent, "de-DE")
    assert (other.language, other.languages) == ("de-DE", ("en-US", "es-ES"))


@pytest.mark.parametrize("language", list(PHRASES))
def test_a_language_has_all_phrases_in_its_own_words(language: str) -> None:
    phrases = PHRASES[language]
    english = Phrases()

    for each in fields(Phrases):
        own = getattr(phrases, each.name)
        assert own
        assert language == "en" or own != getattr(english, each.name), each.name
    assert len(phrases.reprompts) == len(english.reprompts)


def test_a_language_without_phrases_is_spoken_to_in_english() -> None:
    assert phrases_in("fi-FI") == Phrases()
    assert phrases_in("de-AT") is PHRASES["de"]
    assert name_of("tlh") == "tlh"
