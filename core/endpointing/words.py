"""What one language has that tells whether a turn is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """What kind of answer the agent's last words ask for."""

    ANYTHING = "anything"
    YES_OR_NO = "yes_or_no"
    DIGITS = "digits"
    SPELLING = "spelling"
    EMAIL = "email"
    DATE = "date"


NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnWords:
    """The words of one language, in lower case.

    Of the agent: `asks` finds what a question is for, the first that fits; `requests` finds a wish
    that is no question; `count` finds how many digits are wanted, a figure or one of `counts`.

    Of the caller: `open` and `open_ends` are words after which something has to come, `done` some
    after which nothing does, `refuses` some of an answer that gives nothing. `echoed` finds the
    agent's own "last four" in an answer, `address_ends` the end of a mail address, `date_word` a
    part of a date. `digits` returns so many digits if just those were said, `numeral` tells whether
    a word is one, `date_whole` whether a day has its year, `yes_or_no` whether nothing but that was
    said.
    """

    asks: tuple[tuple[Asked, re.Pattern[str]], ...] = ()
    requests: re.Pattern[str] = NEVER
    counts: Mapping[str, int]
    count: re.Pattern[str] = NEVER
    open: frozenset[str] = frozenset()
    open_ends: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    echoed: re.Pattern[str] = NEVER
    address_ends: re.Pattern[str]
    date_word: re.Pattern[str] = NEVER
    digits: Callable[[str, int], str | None]
    numeral: Callable[[str], bool]
    date_whole: Callable[[str], bool]
    yes_or_no: Callable[[str], bool]


def address_ends(dot: str) -> re.Pattern[str]:
    """Return what finds the end of a mail address; `dot` is how one is said."""
    return re.compile(rf"(?:\.|\b{dot} )(?:com|org|net|edu|gov|de|at|ch|es|fr|uk|eu|io)\W*$")


def counted(counts: Mapping[str, int], before: str) -> re.Pattern[str]:
    """Return what finds a number that stands before words like "digits", given as a pattern."""
    return re.compile(rf"\b({'|'.join(counts)}|[2-9]|1[0-9]){before}")
