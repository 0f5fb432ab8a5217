"""Sounds that say "I am listening, go on": whoever makes them over an agent takes no turn."""

from __future__ import annotations

import re
import unicodedata

_LISTENING = frozenset(
    "mhm mm mmm mmhm hm hmm hmmm uh huh um ah aha oh ooh ok okay yes yeah yep yup right sure "
    "alright all good great fine nice cool wow really exactly "
    "ja genau klar gut si sí vale claro oui ouais accord hai".split()
)
_PHRASES = ("i see", "got it", "i understand", "of course", "go on")
MOST_WORDS = 3


def is_backchannel(text: str) -> bool:
    """Whether these words only show that somebody listens."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = " ".join(re.findall(r"[^\W\d_]+", plain))
    for phrase in _PHRASES:
        plain = plain.replace(phrase, "okay")
    words = plain.split()
    return 0 < len(words) <= MOST_WORDS and all(word in _LISTENING for word in words)
