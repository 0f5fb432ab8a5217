"""A text as it is spoken, and which of its written words each spoken one stands for.

History and transcript keep what was written; only the synthesizer gets what is spoken. When a
reply is cut, `Aloud.written` says how much of the written text had been heard by then.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.aloud_codes import CODES, DIGIT_RUNS
from core.aloud_english import english
from core.speech import sayable

_MAY_CHANGE = re.compile(r"[\d@&%$€£°=+#→½¼¾*•]|www\.|\b[a-z]+\.[a-z]|\b(?:approx|vs)\.", re.I)
_MONTH_FIRST = ("en", "en-us", "en-ph")

type Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]]
"""What looks like this is said like that; None leaves it. A group `said` is all that changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aloud:
    """`text` is to be synthesized. `swaps`: (start, end, written start, written end) of what is
    spoken otherwise than it is written, in order.
    """

    text: str
    swaps: tuple[tuple[int, int, int, int], ...] = ()

    def written(self, end: int) -> int:
        """Return how much of the written text is said when `text[:end]` is.

        What is spoken otherwise counts when all of it was said.
        """
        at = bisect_right([start for start, *_ in self.swaps], end) - 1
        if at < 0:
            return end
        _, spoken_end, written_start, written_end = self.swaps[at]
        return written_start if end < spoken_end else written_end + end - spoken_end


def aloud(text: str, language: str = "en-US") -> Aloud:
    """Return a piece of a reply as it is spoken: numbers, money, dates, times, units, identifiers.

    In English; elsewhere long numbers are said digit by digit, and the voice reads the rest.
    """
    if not _MAY_CHANGE.search(text):
        return Aloud(text=text)
    if language[:2].casefold() != "en":
        return _swapped(text, DIGIT_RUNS)
    day_first = language.casefold() not in _MONTH_FIRST
    said = _swapped(text, (*CODES, *english(day_first=day_first)))
    return said if sayable(said.text) else Aloud(text=text)  # of "https://?x=1" nothing would stay


def _swapped(text: str, rules: Sequence[Rule]) -> Aloud:
    found: list[tuple[int, int, str]] = []
    for pattern, say in rules:
        for match in pattern.finditer(text):
            group = "said" if "said" in pattern.groupindex else 0
            start, end = match.span(group)
            free = all(end <= other[0] or start >= other[1] for other in found)
            if free and (said := say(match)) is not None:
                found.append((start, end, said))
    parts: list[str] = []
    swaps: list[tuple[int, int, int, int]] = []
    at = size = 0
    for start, end, said in sorted(found):
        parts += (text[at:start], said)
        size += start - at
        swaps.append((size, size + len(said), start, end))
        size += len(said)
        at = end
    return Aloud(text="".join((*parts, text[at:])), swaps=tuple(swaps))
