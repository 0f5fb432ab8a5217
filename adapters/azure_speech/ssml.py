"""How a text and a voice become SSML that is always well-formed."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from core.languages import same
from core.speech import Voice

DEFAULT_VOICE = "en-US-AvaMultilingualNeural"
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?-[A-Z]{2}(?=-)")
# What XML 1.0 cannot hold, however it is written.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NEUTRAL = frozenset({"", "+0%", "-0%", "0%", "default", "medium"})


def name_of(voice: Voice, default_voice: str = DEFAULT_VOICE) -> str:
    """Return Azure's name of a voice; a voice that is none of Azure's is spoken by the default."""
    return voice.name if voice.name and voice.type.startswith("azure") else default_voice


def ssml_of(text: str, voice: Voice, *, default_voice: str = DEFAULT_VOICE) -> str:
    """Return the SSML of one clause."""
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
        f"<voice name={_quoted(name)}>{inner}</voice></speak>"
    )


def _prosody(inner: str, voice: Voice) -> str:
    wanted = (("rate", voice.rate), ("pitch", voice.pitch))
    set_ = [f" {name}={_quoted(value)}" for name, value in wanted if value.strip() not in NEUTRAL]
    return f"<prosody{''.join(set_)}>{inner}</prosody>" if set_ else inner


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub(" ", value))
