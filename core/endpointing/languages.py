"""The languages in which we know how turns end; in others silence decides, and what is written."""

from __future__ import annotations

from collections.abc import Mapping

from core.endpointing.english import ENGLISH
from core.endpointing.french import FRENCH
from core.endpointing.german import GERMAN
from core.endpointing.numerals import Numerals, date_whole
from core.endpointing.spanish import SPANISH
from core.endpointing.words import TurnWords, address_ends
from core.languages import primary

_FIGURES = Numerals(values={})
_UNKNOWN = TurnWords(
    counts={},
    address_ends=address_ends("dot"),
    digits=_FIGURES.digits,
    numeral=_FIGURES.numeral,
    date_whole=date_whole,
    yes_or_no=lambda _: False,
)
_WORDS: Mapping[str, TurnWords] = {
    "en": ENGLISH,
    "de": GERMAN,
    "es": SPANISH,
    "fr": FRENCH,
}


def words_in(language: str) -> TurnWords:
    """Return the words of a language by its tag."""
    return _WORDS.get(primary(language), _UNKNOWN)
