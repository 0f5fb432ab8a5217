"""Which language a call is in: the caller's once it is known, his agent's until then.

Languages are BCP 47 tags like `de-DE`; two of them are the same language when they begin alike.
"""

from __future__ import annotations

from dataclasses import replace

from core.agents import AgentSpec, SpeechSpec
from core.speech import Voice

_SURE_WORDS = 3
"""So many words tell a language; "ja", "no" and "okay" are said in many."""

NAMES = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "he": "Hebrew",
    "hi": "Hindi", "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nb": "Norwegian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def primary(language: str) -> str:
    """Return `de` of `de-DE`."""
    return language.partition("-")[0].lower()


def same(one: str, other: str) -> bool:
    """Whether two tags name one language, wherever it is spoken."""
    return primary(one) == primary(other)


def name_of(language: str) -> str:
    """Return a language's name in English; the tag itself where we know none."""
    return NAMES.get(primary(language), language)


def spoken_after(known: str, heard: str, text: str) -> str:
    """Return the caller's language after an utterance that was recognised to be in `heard`.

    Scripts without spaces count as one word, so a long enough text counts too.
    """
    sure = len(text.split()) >= _SURE_WORDS or len(text) >= 4 * _SURE_WORDS
    return heard if heard and (sure or not known) else known


def language_of(agent: AgentSpec, caller: str) -> str:
    """Return the language to speak to this caller; `caller` is empty until his is known."""
    return caller or agent.speech.language


def voice_of(agent: AgentSpec, language: str) -> Voice:
    """Return the voice with which an agent speaks a language: the one for just that, for any of
    its kind, or its only one."""
    exact = agent.voices.get(language)
    alike = next((voice for tag, voice in agent.voices.items() if same(tag, language)), None)
    return replace(exact or alike or agent.voice, language=language)


def speech_of(agent: AgentSpec, caller: str) -> SpeechSpec:
    """Return how an agent listens to a caller of this language, whether it lists it or not."""
    speech = agent.speech
    listed = (speech.language, *speech.languages)
    if not caller or any(same(caller, each) for each in listed):
        return speech
    return replace(speech, language=caller, languages=listed)
