"""How a text and a voice become SSML that is always well-formed."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from core.languages import same
from core.sentences import ends_sentence
from core.speech import Voice

DEFAULT_VOICE = "en-US-AvaMultilingualNeural"
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?-[A-Z]{2}(?=-)")
# What XML 1.0 cannot hold, however it is written.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NEUTRAL = frozenset({"", "+0%", "-0%", "0%", "default", "medium"})

# The pieces of a reply follow one another without a gap, so the pause between two of them is the
# silence that the voice leaves around each: by itself up to a second, and never the same.
_LEAD_MS = 40
_TAIL_MS = 240  # of a sentence
_TAIL_IN_SENTENCE_MS = 80
# Voices that take `mstts:silence`: Azure's own, neither in high definition (a colon in the name)
# nor OpenAI's.
_PAUSES = re.compile(
    r"[a-z]{2,3}-(?:[A-Z][a-z]{3}-)?[A-Z]{2}-"
    r"(?!(?:Alloy|Echo|Fable|Onyx|Nova|Shimmer)MultilingualNeural)(?:\w+-)*\w+Neural"
)


def name_of(voice: Voice, default_voice: str = DEFAULT_VOICE) -> str:
    """Return Azure's name of a voice; a voice that is none of Azure's is spoken by the default."""
    return voice.name if voice.name and voice.type.startswith("azure") else default_voice


def ssml_of(text: str, voice: Voice, *, default_voice: str = DEFAULT_VOICE) -> str:
    """Return the SSML of one piece of a reply."""
    name = name_of(voice, default_voice)
    locale = _LOCALE.match(name)
    inner = escape(_NOT_XML.sub(" ", text))
    if "Multilingual" in name and voice.language and not same(voice.language, name):
        # Else it guesses the language from the text, clause by clause.
        inner = f"<lang xml:lang={_quoted(voice.language)}>{inner}</lang>"
    inner = _prosody(inner, voice)
    if voice.style:
        inner = f"<mstts:express-as style={_quoted(voice.style)}>{inner}</mstts:express-as>"
    return (
        '<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis"'
        ' xmlns:mstts="https://www.w3.org/2001/mstts"'
        f" xml:lang={_quoted(locale[0] if locale else 'en-US')}>"
        f"<voice name={_quoted(name)}>{_pauses(text, name, voice)}{inner}</voice></speak>"
    )


def _pauses(text: str, name: str, voice: Voice) -> str:
    """Return how long it is silent before and after a text, for voices that can be told so.

    The name of a custom voice does not tell what it was made from.
    """
    custom = voice.endpoint_id or voice.type == "azure-custom"
    if custom or not _PAUSES.fullmatch(name):
        return ""
    tail_ms = _TAIL_MS if ends_sentence(text) else _TAIL_IN_SENTENCE_MS
    return (
        f'<mstts:silence type="Leading-exact" value="{_LEAD_MS}ms"/>'
        f'<mstts:silence type="Tailing-exact" value="{tail_ms}ms"/>'
    )


def _prosody(inner: str, voice: Voice) -> str:
    wanted = (("rate", voice.rate), ("pitch", voice.pitch))
    set_ = [f" {name}={_quoted(value)}" for name, value in wanted if value.strip() not in NEUTRAL]
    return f"<prosody{''.join(set_)}>{inner}</prosody>" if set_ else inner


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub(" ", value))
