"""What is wrong in the files of a catalog, collected so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from core.errors import StartRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake: which file, which field (dotted, may be empty), and what is wrong with it."""

    file: str
    field: str = ""
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.field, self.reason) if part)


class CatalogError(StartRefused):
    """The catalog can not be used. `str()` gives one line per mistake."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        super().__init__("\n".join(map(str, self.mistakes)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean X?` when something known is close, else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""
