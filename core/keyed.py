"""What record and model are told of keys that are no secret."""

from __future__ import annotations

import re

_TOLD = re.compile(r"pressed ((?:[0-9*#A-D] )*[0-9*#A-D])")


def words_of(keys: str) -> str:
    """Return the words for keys that may be known: `pressed 4 1 2`."""
    return f"pressed {' '.join(keys)}"


def keys_in(words: str) -> str:
    """Return the keys that such words tell of; nothing of other words."""
    told = _TOLD.fullmatch(words)
    return told[1].replace(" ", "") if told else ""
