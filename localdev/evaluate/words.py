"""When expected words are said: as part of a sentence, or as `/a regular expression/`."""

from __future__ import annotations

import re
from typing import Any

from core.tools import HIDDEN


def pattern_mistake(words: str) -> str:
    """Return what is wrong with a regular expression; empty for good ones and plain words."""
    try:
        _pattern(words)
    except re.error as error:
        return f"{words} is no regular expression ({error})"
    return ""


def is_said(words: str, text: str) -> bool:
    """Whether a text says these words, whatever their case and spacing."""
    pattern = _pattern(words)
    plain = _plain(text)
    return bool(pattern.search(plain)) if pattern else _plain(words).casefold() in plain.casefold()


def is_meant(wanted: Any, given: Any) -> bool:
    """Whether an argument is what was wanted: a text whatever its case, all else by value.

    Of a mapping only the wanted keys count; what records hide cannot be told apart.
    """
    if given == HIDDEN:
        return True
    if isinstance(wanted, dict) and isinstance(given, dict):
        return all(key in given and is_meant(wanted[key], given[key]) for key in wanted)
    if isinstance(wanted, str) and isinstance(given, str):
        pattern = _pattern(wanted)
        if pattern:
            return bool(pattern.search(given))
        return _plain(wanted).casefold() == _plain(given).casefold()
    return bool(wanted == given)


def _pattern(words: str) -> re.Pattern[str] | None:
    if len(words) > 2 and words.startswith("/") and words.endswith("/"):
        return re.compile(words[1:-1], re.IGNORECASE)
    return None


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").split())
