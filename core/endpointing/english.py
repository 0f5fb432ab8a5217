"""How turns end in English."""

from __future__ import annotations

import re

from core import heard
from core.endpointing.words import Asked, TurnWords, address_ends, counted
from core.spoken import MONTHS, ordinal

_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_COUNTS |= {"ten": 10, "sixteen": 16}
_DATE_WORDS = {month.lower() for month in MONTHS} | {
    part for day in range(1, 32) for part in ordinal(day).replace("-", " ").split()
}

ENGLISH = TurnWords(
    asks=(
        (Asked.EMAIL, re.compile(r"\be-?mail\b")),
        (Asked.SPELLING, re.compile(r"\bspell")),
        (Asked.DATE, re.compile(r"\b(?:date|birthday|what day|which day|born|expir)")),
        (
            Asked.DIGITS,
            re.compile(
                r"\bdigits?\b|\bnumber\b|\bpin\b|\bcode\b|\bzip\b|\bsocial security\b|\bamount\b"
            ),
        ),
        (
            Asked.YES_OR_NO,
            re.compile(
                r"^(?:(?:so|and|ok|okay),? )?(?:do|does|did|is|are|was|would|shall|can|could|will"
                r"|have|has|should) |\b(?:is that (?:right|correct)|correct|right)$"
            ),
        ),
    ),
    requests=re.compile(r"\b(?:please|tell me|give me|i need|say|enter)\b"),
    counts=_COUNTS,
    count=counted(_COUNTS, r"(?:[ -]| of the )*(?:digit|number|figure)"),
    open=frozenset(
        "and or but because so to the a an my your our their his of for with from at in on about "
        "are was were am i'm it's i i'd i'll we you he she they um uh er uhm hmm well like if when "
        "which who than as can could would will want need by into between what where how whether "
        "while not".split()
    ),
    open_ends=(
        "name is", "number is", "address is", "it is", "thing is", "i would like", "let me",
        "to know", "could you please", "can you please", "would you please",
    ),
    done=frozenset("thanks goodbye bye nothing stop agent representative".split()),
    refuses=frozenset("no not don't none nothing what why sorry pardon".split()),
    echoed=re.compile(
        r"\blast (?:two|three|four|five|six)\b(?: digits)?(?: are| is)?", re.IGNORECASE
    ),
    address_ends=address_ends("dot"),
    date_word=re.compile("|".join(sorted(_DATE_WORDS))),
    digits=heard.digits_heard,
    numeral=lambda word: word[:1] in heard.FIGURES or heard.digits_heard(word, 1) is not None,
    date_whole=lambda text: heard.date_heard(text) is not None,
    yes_or_no=lambda text: heard.only_yes_or_no(text) is not None,
)  # fmt: skip
