"""Sounds that say "I am listening, go on": whoever makes them over an agent takes no turn."""

from __future__ import annotations

import re
import unicodedata

_LISTENING = frozenset(
    "mhm mm mmm mmhm hm hmm hmmm uh huh um ah aha oh ooh ok okay yes yeah yep yup right sure "
    "alright all good great fine nice cool wow really exactly "
    "ja genau klar gut verstehe stimmt si sí vale claro entiendo bueno perfecto "
    "oui ouais accord entendu voilà hai".split()
)
_PHRASES = (
    "i see", "got it", "i understand", "of course", "go on",
    "ich verstehe", "alles klar", "na klar", "ach so", "de acuerdo", "por supuesto", "ya veo",
    "d accord", "je vois", "je comprends", "bien sûr",
)  # fmt: skip
_BEGINNINGS = {said[:n] for said in (*_LISTENING, *_PHRASES) for n in range(1, len(said) + 1)}
MOST_WORDS = 3


def is_backchannel(text: str, *, more: bool = False) -> bool:
    """Whether these words only show that somebody listens; `more`: or may, if more are to come."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = " ".join(re.findall(r"[^\W\d_]+", plain))
    for phrase in _PHRASES:
        plain = re.sub(rf"\b{phrase}\b", "okay", plain)
    words = plain.split()
    begun = next((n for n in (2, 1) if " ".join(words[-n:]) in _BEGINNINGS), 0) if more else 0
    if begun:
        words[-begun:] = ["okay"]
    return 0 < len(words) <= MOST_WORDS and all(word in _LISTENING for word in words)
