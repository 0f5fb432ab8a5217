"""Digits as they are dictated in languages other than English, and dates as they are transcribed.

English has more ("double four", "oh", what sounds like a digit): see `core.heard`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.heard import FIGURES, words

_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerals:
    """`values` of the words below a hundred. `pairs` of values that are one number, as 30 and 4
    are 34; `link` is a word that may stand between them, and must if they are `linked`.
    """

    values: Mapping[str, int]
    pairs: Mapping[tuple[int, int], int] = field(default_factory=dict)
    link: str = ""
    linked: bool = False

    def numeral(self, word: str) -> bool:
        """Whether a word is (part of) a number."""
        return word[:1] in FIGURES or word in self.values

    def digits(self, text: str, count: int) -> str | None:
        """Return exactly `count` digits, said in one run or all together."""
        runs = self._runs(words(text))
        fitting = [run for run in (*runs, "".join(runs)) if len(run) == count]
        return fitting[0] if fitting else None

    def _runs(self, said: list[str]) -> list[str]:
        runs: list[list[str | int]] = [[]]
        linked = False
        for word in said:
            if not self.numeral(word):
                linked = word == self.link
                if not linked and runs[-1]:
                    runs.append([])
                continue
            self._add(runs[-1], word, linked=linked)
            linked = False
        return ["".join(map(str, run)) for run in runs if run]

    def _add(self, run: list[str | int], word: str, *, linked: bool) -> None:
        value = self.values.get(word)
        if value is None:  # figures
            run.append(word.replace(".", ""))
            return
        last = run[-1] if run else None
        whole = self.pairs.get((last, value)) if isinstance(last, int) else None
        if whole is not None and (linked or not self.linked):
            run[-1] = whole
        else:
            run.append(value)


def date_whole(text: str) -> bool:
    """Whether a date has its year: recognizers write it in figures."""
    return bool(_YEAR.search(text))


def only_of(text: str, *, meant: frozenset[str], beside: frozenset[str]) -> bool:
    """Whether nothing else was said than such words, at least one of those that are meant."""
    said = set(words(text))
    return not said.isdisjoint(meant) and said <= meant | beside
