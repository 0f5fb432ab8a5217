"""How finished a caller's words so far look, as an answer to what was asked."""

from __future__ import annotations

import re
from enum import StrEnum

from core import heard
from core.endpointing.expected import Expected
from core.endpointing.languages import words_in
from core.endpointing.words import Asked, TurnWords


class Reading(StrEnum):
    """How finished a caller's words look."""

    NOTHING = "nothing"  # no words are known (yet)
    WHOLE = "whole"
    UNCLEAR = "unclear"
    DICTATING = "dictating"
    OPEN = "open"  # nobody ends with such a word


_WHOLE = re.compile(r"[?!]$")


def reading_of(text: str, expected: Expected, language: str = "en") -> Reading:
    """Return how finished these words look as an answer to what was asked."""
    plain = text.strip()
    spoken, known = heard.words(plain), words_in(language)
    if not spoken:
        return Reading.NOTHING
    answer = known.echoed.sub("", plain)  # "the last four" are no digits of it
    if expected.count and known.digits(answer, expected.count) is not None:
        return Reading.WHOLE
    if plain.endswith((",", "-", "\u2026", "...")) or _left_open(spoken, expected, known):
        return Reading.OPEN
    if _dictating(plain, spoken, expected, known):
        return Reading.DICTATING
    if expected.asked is Asked.YES_OR_NO and known.yes_or_no(plain):
        return Reading.WHOLE
    if _WHOLE.search(plain) or spoken[-1] in known.done:
        return Reading.WHOLE
    return Reading.WHOLE if plain.endswith(".") and len(spoken) > 1 else Reading.UNCLEAR


def _left_open(spoken: list[str], expected: Expected, known: TurnWords) -> bool:
    counting = expected.asked is Asked.DIGITS or any(map(known.numeral, spoken[-2:-1]))
    if counting and known.numeral(spoken[-1]):
        return False  # "un" is a digit then, and no article
    tail = " ".join(spoken)
    ends = any(tail == end or tail.endswith(f" {end}") for end in known.open_ends)
    return ends or spoken[-1] in known.open


def _dictating(plain: str, spoken: list[str], expected: Expected, known: TurnWords) -> bool:
    numbers = 0
    for word in reversed(spoken):
        if not known.numeral(word):
            break
        numbers += len(word) if word[0] in heard.FIGURES else 1
    letters = 0
    for word in reversed(spoken):
        if len(word) > 1:
            break
        letters += 1
    match expected.asked:
        case Asked.DIGITS:
            # "I do not know" is no number; a number of unknown length may always go on.
            return numbers > 0
        case Asked.SPELLING:
            return letters > 0
        case Asked.EMAIL:
            ended = known.address_ends.search(plain.lower())
            return ended is None and known.refuses.isdisjoint(spoken)
        case Asked.DATE:
            begun = numbers > 0 or any(known.date_word.fullmatch(word) for word in spoken)
            return begun and not known.date_whole(plain)
        case _:
            return numbers > 1 or letters > 2
