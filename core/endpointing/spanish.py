"""How turns end in Spanish."""

from __future__ import annotations

import re
from functools import partial

from core.endpointing.numerals import Numerals, date_whole, only_of
from core.endpointing.words import Asked, TurnWords, address_ends, counted

_UNITS = "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
_UNITS += " dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés"
_UNITS += " veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_VALUES = {word: value for value, word in enumerate(_UNITS.split())} | {"un": 1, "una": 1}
_VALUES |= {word: 10 * ten for ten, word in enumerate(_TENS, 3)}
NUMERALS = Numerals(
    values=_VALUES,
    pairs={(10 * ten, one): 10 * ten + one for ten in range(3, 10) for one in range(1, 10)},
    link="y",
    linked=True,
)

_COUNTS = {"dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8}
_COUNTS |= {"nueve": 9, "diez": 10, "dieciséis": 16}

SPANISH = TurnWords(
    asks=(
        (Asked.EMAIL, re.compile(r"\bcorreo\b|\be-?mail\b")),
        (Asked.SPELLING, re.compile(r"\bdeletre")),
        (Asked.DATE, re.compile(r"\b(?:fecha|cumpleaños|nació|qué día|cuándo|vence|caduca)")),
        (
            Asked.DIGITS,
            re.compile(
                r"\b(?:dígitos?|cifras?|números?|pin|código|importe|cantidad|monto|dni|nif)\b"
            ),
        ),
        (
            Asked.YES_OR_NO,
            re.compile(
                r"^(?:(?:y|entonces|bien),? )?(?:es|está|son|quiere|desea|puede|puedo|tiene|debo"
                r"|hay|le gustaría|confirma) |\b(?:correcto|verdad|cierto|de acuerdo|está bien)$"
            ),
        ),
    ),
    requests=re.compile(
        r"\b(?:por favor|dígame|diga|deme|déme|indique|necesito|introduzca|marque)\b"
    ),
    counts=_COUNTS,
    count=counted(_COUNTS, r"(?: últim[oa]s| primer[oa]s)? (?:dígitos|cifras|números)"),
    open=frozenset(
        "y e o u pero porque que el la los las un unos unas mi mis su sus nuestro nuestra de del a "
        "al con para por en sin sobre desde hasta son quiero quisiera necesito me se cuando como "
        "donde quien cuyo muy eh este pues".split()
    ),
    open_ends=(
        "nombre es", "número es", "dirección es", "correo es", "problema es", "me llamo",
        "me gustaría", "podría", "puede", "podría usted", "quiero saber", "lo que", "yo",
    ),
    done=frozenset("gracias adiós nada agente".split()),
    refuses=frozenset("no nada ninguno ninguna qué perdón perdone".split()),
    echoed=re.compile(
        r"\búltim[oa]s (?:dos|tres|cuatro|cinco|seis)\b(?: dígitos| cifras)?(?: son)?",
        re.IGNORECASE,
    ),
    address_ends=address_ends("punto"),
    date_word=re.compile(
        r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
        r"|primero"
    ),
    digits=NUMERALS.digits,
    numeral=NUMERALS.numeral,
    date_whole=date_whole,
    yes_or_no=partial(
        only_of,
        meant=frozenset("sí si no claro correcto exacto vale".split()),
        beside=frozenset(
            "gracias por favor de acuerdo bueno bien está eso es muchas señor señora".split()
        ),
    ),
)  # fmt: skip
