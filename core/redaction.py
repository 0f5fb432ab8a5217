"""Takes personal data out of words: addresses, numbers, dates, and the names that are known.

A transcript spells numbers as it likes, so figures and number words count alike. Amounts of money
stay, because they are what many calls are about. What is taken leaves a tag in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.spoken import MONTHS, TENS, UNITS, ordinal

EMAIL, CARD, PHONE, DATE, NUMBER, NAME = (
    f"[{tag}]" for tag in ("email", "card", "phone", "date", "number", "name")
)
MIN_NAME = 2

_WORD = "|".join(sorted({*UNITS, *(ten for ten in TENS if ten != "_"), "oh"}, key=len)[::-1])
_MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
_RANKS = sorted((ordinal(n).replace("-", "[- ]") for n in range(1, 32)), key=len, reverse=True)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(_RANKS)})"
_YEAR = rf"(?:\d{{4}}|(?:19|20)\d\d|(?:(?:{_WORD}|hundred|thousand|and)\b[\s-]*){{2,6}})"
_MONEY = (
    r"(?:[$€£]\s?\d[\d,]*(?:\.\d+)?(?:\s(?:thousand|million))?"
    r"|\d[\d,]*(?:\.\d+)?\s?(?:dollars?|cents?|euros?|pounds?|percent|%))"
)
_SPELLED_EMAIL = r"\b[\w.+-]+(?:\s+(?:dot|underscore)\s+\w+)*\s+at\s+\w+(?:\s+dot\s+\w{2,})+\b"
_SOUNDS = "for|fore|to|too|won|ate|tree|sicks|nein"  # what a recognizer makes of digits
_SOME = rf"(?:(?:{_SOUNDS}|{_WORD}|\d)\b[\s,.-]*)"
_TWO = rf"(?={_SOME}*?(?:{_WORD}|\d)\b[\s,.-]*{_SOME}*?(?:{_WORD}|\d)\b)"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), tag)
    for pattern, tag in (
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", EMAIL),
        (_SPELLED_EMAIL, EMAIL),
        (r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b", DATE),
        (rf"\b(?:{_MONTH})\.?\s+(?:the\s+)?{_DAY}(?:,?\s+(?:of\s+)?{_YEAR})?", DATE),
        (rf"\b{_DAY}\s+(?:of\s+)?(?:{_MONTH})\b\.?(?:,?\s+{_YEAR})?", DATE),
        (rf"(?P<keep>{_MONEY})", ""),
        (r"\b(?:\d[ -]?){12,18}\d\b", CARD),
        (r"(?<!\w)\+\d[\d ()./-]{5,}\d|\(\d{3}\)\s?\d{3}[ -]?\d{4}", PHONE),
        (r"\b(?:\d[ ./-]?){6,10}\d\b", PHONE),
        (r"\b(?:\d[ ,-]{0,2}){2,}\d\b", NUMBER),
        (rf"\b(?:(?:{_WORD}|double|triple)\b[\s,.-]*){{3,}}(?<=\w)", NUMBER),
        (rf"\b{_TWO}{_SOME}{{3,}}", NUMBER),
    )
)


def redact(text: str, names: Iterable[str] = ()) -> str:
    """Return the text with tags for what is personal. Doing it again changes nothing."""
    # One pattern after the other, but what has been decided (a tag, an amount) stays as it is.
    parts: list[tuple[str, bool]] = [(text, False)]
    for pattern, tag in (*_PATTERNS, *_names(names)):
        parts = [
            piece
            for part, done in parts
            for piece in ([(part, True)] if done else _split(pattern, tag, part))
        ]
    return "".join(part for part, _ in parts)


def redacted(value: Any, names: Iterable[str] = ()) -> Any:
    """Redact every text in a JSON value; keys, numbers and truth stay."""
    known = tuple(names)
    match value:
        case str():
            return redact(value, known)
        case Mapping():
            return {key: redacted(each, known) for key, each in value.items()}
        case list() | tuple():
            return [redacted(each, known) for each in value]
        case _:
            return value


def _split(pattern: re.Pattern[str], tag: str, text: str) -> list[tuple[str, bool]]:
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in pattern.finditer(text):
        kept = found.group() if not tag else _tagged(found.group(), tag)
        pieces += [(text[at : found.start()], False), (kept, True)]
        at = found.end()
    return [*pieces, (text[at:], False)]


def _tagged(taken: str, tag: str) -> str:
    """Put the tag in place, and give back the white space or stop behind what was taken."""
    return tag + taken[len(taken.rstrip(" ,.-\n")) :]


def _names(names: Iterable[str]) -> list[tuple[re.Pattern[str], str]]:
    """Match whole names first, then their parts: "Maria Lopez", "Lopez"."""
    parts = {part for name in names for part in (name.strip(), *name.split())}
    wanted = sorted((part for part in parts if len(part) >= MIN_NAME), key=len, reverse=True)
    if not wanted:
        return []
    either = "|".join(r"\s+".join(map(re.escape, part.split())) for part in wanted)
    return [(re.compile(rf"(?<![\w\[])(?:{either})(?![\w\]])", re.IGNORECASE), NAME)]
