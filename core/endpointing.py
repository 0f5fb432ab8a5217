"""How long a silence must last before the caller's turn is over: told from words, sound and habit.

A turn that plainly ended is answered soon; one that stopped in the middle of a sentence, or of a
number that the agent asked for, is given time. In between, the caller's own pauses decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from core import heard
from core.spoken import MONTHS, ordinal


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """Silences in ms. `usual_ms`: of a caller of whom nothing is known yet.

    `dictation_ms`: while a number, a spelling, an address or a date is being given. `fixed`: the
    usual silence ends every turn. `final_wait_ms`: how long the recognizer may take for the last
    words before its last guess is taken. `sure`, `doubtful`: probabilities of the judge of sound
    above and below which it is listened to.
    """

    fixed: bool = False
    shortest_ms: int = 250
    usual_ms: int = 400
    longest_ms: int = 2_500
    dictation_ms: int = 1_200
    final_wait_ms: int = 300
    sure: float = 0.5
    doubtful: float = 0.05


# --- what the agent asked for ---------------------------------------------------------------------


class Asked(StrEnum):
    """What kind of answer the agent's last words ask for."""

    ANYTHING = "anything"
    YES_OR_NO = "yes_or_no"
    DIGITS = "digits"
    SPELLING = "spelling"
    EMAIL = "email"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The answer that is awaited. `count`: of digits, 0 if any number will do."""

    asked: Asked = Asked.ANYTHING
    count: int = 0


_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_COUNTS |= {"ten": 10, "sixteen": 16}
_COUNT = re.compile(
    rf"\b({'|'.join(_COUNTS)}|[2-9]|1[0-9])(?:[ -]| of the )*(?:digit|number|figure)"
)
_ASKS = (
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
        re.compile(r"^(?:(?:so|and|ok|okay),? )?(?:do|does|did|is|are|was|would|shall|can|could"
                   r"|will|have|has|should) |\b(?:is that (?:right|correct)|correct|right)$"),
    ),
)  # fmt: skip


def expected_of(agent_text: str) -> Expected:
    """Return what an agent's words ask for: those of the last question, else the last sentence."""
    sentences = [part.strip() for part in re.findall(r"[^.!?]+[.!?]?", agent_text) if part.strip()]
    asking = next((part for part in reversed(sentences) if part.endswith("?")), "")
    last = (asking or (sentences[-1] if sentences else "")).lower().rstrip(".!? ")
    if not asking and not re.search(r"\b(?:please|tell me|give me|i need|say|enter)\b", last):
        return Expected()
    for asked, pattern in _ASKS:
        if pattern.search(last):
            count = _COUNT.search(last) if asked is Asked.DIGITS else None
            counted = 0 if count is None else _COUNTS.get(count[1]) or int(count[1])
            return Expected(asked=asked, count=counted)
    return Expected()


# --- what the caller's words so far are -----------------------------------------------------------


class Reading(StrEnum):
    """How finished a caller's words look."""

    NOTHING = "nothing"  # no words are known (yet)
    WHOLE = "whole"
    UNCLEAR = "unclear"
    DICTATING = "dictating"
    OPEN = "open"  # nobody ends with such a word


# Words after which something has to come.
_OPEN = frozenset(
    "and or but because so to the a an my your our their his of for with from at in on about are "
    "was were am i'm it's i i'd i'll we you he she they um uh er uhm hmm well like if when which "
    "who than as can could would will want need by into between what where how whether while "
    "not".split()
)
_OPEN_ENDS = (
    "name is", "number is", "address is", "it is", "thing is", "i would like", "let me", "to know",
    "could you please", "can you please", "would you please",
)  # fmt: skip
_ECHOED = re.compile(
    r"\blast (?:two|three|four|five|six)\b(?: digits)?(?: are| is)?", re.IGNORECASE
)
_WHOLE = re.compile(r"[?!]$")
_ADDRESS_ENDS = re.compile(r"(?:\.|\bdot )(?:com|org|net|edu|gov|de|uk|fr|eu|io)\W*$")
_REFUSES = frozenset("no not don't none nothing what why sorry pardon".split())
_DATE_WORDS = frozenset(month.lower() for month in MONTHS) | frozenset(
    part for day in range(1, 32) for part in ordinal(day).replace("-", " ").split()
)
_DONE = frozenset("thanks goodbye bye nothing stop agent representative".split())


def reading_of(text: str, expected: Expected) -> Reading:
    """Return how finished these words look as an answer to what was asked."""
    plain = text.strip()
    spoken = heard.words(plain)
    if not spoken:
        return Reading.NOTHING
    answer = _ECHOED.sub("", plain)  # "the last four" are no digits of it
    if expected.count and heard.digits_heard(answer, expected.count) is not None:
        return Reading.WHOLE
    if plain.endswith((",", "-", "\u2026", "...")) or _left_open(spoken):
        return Reading.OPEN
    if _dictating(plain, spoken, expected):
        return Reading.DICTATING
    if expected.asked is Asked.YES_OR_NO and heard.only_yes_or_no(plain) is not None:
        return Reading.WHOLE
    if _WHOLE.search(plain) or spoken[-1] in _DONE:
        return Reading.WHOLE
    return Reading.WHOLE if plain.endswith(".") and len(spoken) > 1 else Reading.UNCLEAR


def _left_open(spoken: list[str]) -> bool:
    tail = " ".join(spoken)
    return spoken[-1] in _OPEN or any(tail == end or tail.endswith(" " + end) for end in _OPEN_ENDS)


def _dictating(plain: str, spoken: list[str], expected: Expected) -> bool:
    numbers = 0
    for word in reversed(spoken):
        if not (word[0] in heard.FIGURES or heard.digits_heard(word, 1)):
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
            return _ADDRESS_ENDS.search(plain.lower()) is None and not _REFUSES & set(spoken)
        case Asked.DATE:
            begun = numbers > 0 or any(word in _DATE_WORDS for word in spoken)
            return begun and heard.date_heard(plain) is None
        case _:
            return numbers > 1 or letters > 2


# --- how long to wait -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How this caller pauses: a running mean of the pauses inside his turns, ms; 0: unknown."""

    pause_ms: float = 0.0
    pauses: int = 0


_KEPT = 0.8  # of the old mean, with every new pause
_MARGIN = 1.4  # a caller's longer pauses are about so much longer than his usual one


def after_pause(pace: Pace, ms: float, settings: EndpointSettings) -> Pace:
    """Return the pace after one more pause inside a turn; very long ones count as bounded."""
    bounded = min(ms, settings.longest_ms)
    mean = bounded if not pace.pauses else _KEPT * pace.pause_ms + (1 - _KEPT) * bounded
    return replace(pace, pause_ms=mean, pauses=pace.pauses + 1)


def usual_ms(pace: Pace, settings: EndpointSettings) -> float:
    """Return the silence that ends a turn of this caller if nothing else is known."""
    if not pace.pauses:
        return settings.usual_ms
    # A few pauses say little: the usual silence is left step by step.
    weight = min(pace.pauses / 5, 1.0)
    learned = pace.pause_ms * _MARGIN
    mixed = (1 - weight) * settings.usual_ms + weight * learned
    return min(max(mixed, settings.shortest_ms), settings.longest_ms)


def silence_ms(
    reading: Reading,
    pace: Pace,
    settings: EndpointSettings,
    likely_done: float | None = None,
) -> int:
    """Return for how long the caller must have been silent for his turn to be over.

    `likely_done`: the judge's probability, None if it was not (or not yet) asked.
    """
    if settings.fixed:
        return settings.usual_ms
    usual = usual_ms(pace, settings)
    wait = _wait(reading, usual, settings, _verdict(likely_done, settings))
    return round(min(max(wait, settings.shortest_ms), settings.longest_ms))


Verdict = Literal["none", "done", "unsure", "going_on"]


def _verdict(likely_done: float | None, settings: EndpointSettings) -> Verdict:
    if likely_done is None:
        return "none"
    if likely_done >= settings.sure:
        return "done"
    return "going_on" if likely_done < settings.doubtful else "unsure"


def _wait(reading: Reading, usual: float, settings: EndpointSettings, verdict: Verdict) -> float:
    match reading:
        case Reading.WHOLE:
            return usual * {"none": 0.75, "done": 0.6, "unsure": 1.0, "going_on": 2.0}[verdict]
        case Reading.UNCLEAR | Reading.NOTHING:
            return usual * {"none": 1.0, "done": 0.75, "unsure": 1.0, "going_on": 2.0}[verdict]
        case Reading.DICTATING:
            return max(settings.dictation_ms, 2 * usual)
        case Reading.OPEN:
            return max(2.5 * usual, 1_000) * (0.6 if verdict == "done" else 1.0)
