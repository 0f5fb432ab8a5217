"""Which values for a tool's parameters some words hold, judged by the parameter's schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from core.heard import (
    amount_heard,
    date_heard,
    digits_heard,
    name_heard,
    number_heard,
    words,
    yes_or_no,
)
from core.moments import names_moment

MAX_TEXT_CHARS = 200
TOLD_WITH_A_WISH = ("reason", "query")  # in the caller's own words; an answer is none of them

_ALIKE = 0.82
_NAMES_WITH_NUMBERS = re.compile(
    r"\b(401\s?\(?k\)?|four (oh|o|zero|hundred|hundred and) one k|403\s?b|529)(?!\w)",
    re.IGNORECASE,
)
_KEYED = re.compile(r"\[keys-[A-Z]\]")  # stands for digits that only the tool will see
_COMMON = frozenset("credit card account fee back direct new employer with your rate".split())


class Kind(StrEnum):
    """What sort of value a parameter takes."""

    CHOICE = "choice"
    AGREEMENT = "agreement"
    DIGITS = "digits"
    DAY = "day"
    MONEY = "money"
    NUMBER = "number"
    PERSON = "person"
    MOMENT = "moment"
    WORDS = "words"
    OTHER = "other"


def kind_of(name: str, schema: Mapping[str, Any]) -> Kind:
    """Judge a parameter by its schema, and by its name where the schema is silent."""
    match schema:
        case {"enum": [*_]}:
            return Kind.CHOICE
        case {"type": "boolean"}:
            return Kind.AGREEMENT
        case {"type": "string", "format": "date"}:
            return Kind.DAY
        case {"type": "string", "pattern": str(pattern)} if digit_count(pattern):
            return Kind.DIGITS
        case {"type": "number"}:
            return Kind.MONEY
        case {"type": "integer"}:
            return Kind.NUMBER
        case {"type": "string"}:
            if name == "when":
                return Kind.MOMENT
            return Kind.PERSON if re.search(r"(^|_)name$", name) else Kind.WORDS
        case _:
            return Kind.OTHER


def digit_count(pattern: str) -> int:
    """Return how many digits a pattern such as `^[0-9]{4}$` wants, 0 for another pattern."""
    found = re.fullmatch(r"\^?(?:\\d|\[0-9\])\{(\d+)\}\$?", pattern)
    return int(found[1]) if found else 0


def value_heard(  # noqa: C901 one row per kind
    name: str, schema: Mapping[str, Any], text: str, *, asked: bool
) -> Any:
    """Return the value for one parameter, or None. `asked`: the words answer a question for it."""
    plain = _NAMES_WITH_NUMBERS.sub(" ", text)
    match kind_of(name, schema):
        case Kind.CHOICE:
            return choice_heard(text, schema["enum"])
        case Kind.AGREEMENT:
            return yes_or_no(text) if asked else None
        case Kind.DIGITS:
            keyed = _KEYED.search(text)
            return keyed[0] if keyed else digits_heard(plain, digit_count(schema["pattern"]))
        case Kind.DAY:
            day = date_heard(text)
            return day.isoformat() if day else None
        case Kind.MONEY:
            cents = amount_heard(plain)
            return None if cents is None else _within(schema, cents / 100)
        case Kind.NUMBER:
            return _within(schema, number_heard(plain))
        case Kind.PERSON:
            return name_heard(text, asked=asked)
        case Kind.MOMENT:
            return _words(text, asked=asked) if asked or names_moment(text) else None
        case Kind.WORDS:
            return _words(text, asked=asked) if asked or name in TOLD_WITH_A_WISH else None
        case Kind.OTHER:
            return None


def _words(text: str, *, asked: bool) -> str | None:
    """Return what was said; an answer without the full stop that a recognizer puts behind it."""
    said = text[:MAX_TEXT_CHARS]
    return (said.rstrip(" .!?") or None) if asked else said


def choice_heard(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that the words name: in full, nearly, or by a word only it has."""
    heard = words(text)
    scored = [(_likeness(heard, str(choice), choices), str(choice)) for choice in choices]
    best, choice = max(scored, key=lambda pair: pair[0], default=(0.0, ""))
    return choice if best >= _ALIKE else None


def _likeness(heard: list[str], choice: str, choices: Sequence[str]) -> float:
    named = words(choice)
    size, wanted = len(named), "".join(named)
    windows = ["".join(heard[at : at + n]) for n in (size, size + 1) for at in range(len(heard))]
    whole = max((_ratio(window, wanted) for window in windows), default=0.0)
    others = {word for other in choices if other != choice for word in words(str(other))}
    own = [word for word in named if len(word) >= 4 and word not in others | _COMMON]
    part = max((_ratio(word, one) for word in heard for one in own), default=0.0)
    # A whole name beats a telling word of another name.
    return max(whole + 0.1 if whole >= _ALIKE else whole, part)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()


def _within(schema: Mapping[str, Any], value: float | None) -> float | None:
    if value is None or not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return None
    return value
