"""How turns end in French."""

from __future__ import annotations

import re
from functools import partial

from core.endpointing.numerals import Numerals, date_whole, only_of
from core.endpointing.words import Asked, TurnWords, address_ends, counted

_UNITS = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze"
_TENS = "vingt trente quarante cinquante soixante septante huitante nonante".split()
_VALUES = {word: value for value, word in enumerate(f"{_UNITS} seize".split())} | {"une": 1}
_VALUES |= {word: 10 * ten for ten, word in enumerate(_TENS, 2)} | {"vingts": 20}
_PAIRS = {(10 * ten, one): 10 * ten + one for ten in range(2, 10) for one in range(1, 10)}
_PAIRS |= {(ten, more): ten + more for ten in (60, 80) for more in range(10, 20)}
_PAIRS |= {(10, one): 10 + one for one in (7, 8, 9)} | {(4, 20): 80}
NUMERALS = Numerals(values=_VALUES, pairs=_PAIRS, link="et")

_COUNTS = {"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8}
_COUNTS |= {"neuf": 9, "dix": 10, "seize": 16}

FRENCH = TurnWords(
    asks=(
        (Asked.EMAIL, re.compile(r"\bcourriel\b|\be-?mail\b|\bmail\b|adresse électronique")),
        (Asked.SPELLING, re.compile(r"\bépel")),
        (Asked.DATE, re.compile(r"\b(?:date|anniversaire|née?|quel jour|quand|expire)\b")),
        (Asked.DIGITS, re.compile(r"\b(?:chiffres?|numéro|code|pin|montant)\b")),
        (
            Asked.YES_OR_NO,
            re.compile(
                r"^(?:(?:et|alors|bien),? )?(?:est-ce|avez-vous|voulez-vous|souhaitez-vous|puis-je"
                r"|pouvez-vous|dois-je|êtes-vous|désirez-vous|c'est bien) "
                r"|\b(?:correct|exact|d'accord|c'est bien ça)$"
            ),
        ),
    ),
    requests=re.compile(
        r"\b(?:s'il vous plaît|dites|donnez|indiquez|tapez|composez|j'ai besoin|il me faut)\b"
    ),
    counts=_COUNTS,
    count=counted(_COUNTS, r"(?: derniers| premiers)? chiffres"),
    open=frozenset(
        "et ou mais parce que car si le la les un une des du de au aux mon ma mes votre vos son "
        "sa ses notre nos pour avec dans sur sous chez par en à je j'ai j'aimerais voudrais nous "
        "il elle ils qui quand comment euh heu ben alors donc très".split()
    ),
    open_ends=(
        "nom est", "nom c'est", "numéro est", "numéro c'est", "adresse est", "adresse c'est",
        "problème est", "je m'appelle", "je veux", "je suis", "pourriez vous", "pouvez vous",
        "est ce", "il y a", "c'est pour",
    ),
    done=frozenset("merci revoir rien stop conseiller".split()),
    refuses=frozenset("non pas rien aucun aucune quoi comment pardon pourquoi".split()),
    echoed=re.compile(
        r"\b(?:deux|trois|quatre|cinq|six) derniers\b(?: chiffres)?(?: sont)?", re.IGNORECASE
    ),
    address_ends=address_ends("point"),
    date_word=re.compile(
        r"janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
        r"|premier|1er"
    ),
    digits=NUMERALS.digits,
    numeral=NUMERALS.numeral,
    date_whole=date_whole,
    yes_or_no=partial(
        only_of,
        meant=frozenset("oui ouais non si exactement d'accord".split()),
        beside=frozenset(
            "merci s'il vous plaît bien sûr c'est ça tout à fait madame monsieur volontiers".split()
        ),
    ),
)  # fmt: skip
