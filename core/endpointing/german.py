"""How turns end in German, where verbs and their prefixes come last: those end sentences."""

from __future__ import annotations

import re
from functools import partial

from core.endpointing.numerals import Numerals, date_whole, only_of
from core.endpointing.words import Asked, TurnWords, address_ends, counted

_UNITS = "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn"
_UNITS += " fünfzehn sechzehn siebzehn achtzehn neunzehn"
_SMALL = {word: value for value, word in enumerate(_UNITS.split())} | {"ein": 1, "zwo": 2}
_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_TEN = {word: 10 * ten for ten, word in enumerate(_TENS, 2)} | {"dreissig": 30}
_BOTH = {
    f"{one}und{ten}": unit + tens
    for one, unit in _SMALL.items()
    for ten, tens in _TEN.items()
    if 0 < unit < 10
}
NUMERALS = Numerals(values=_SMALL | _TEN | _BOTH)

_COUNTS = {"zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8}
_COUNTS |= {"neun": 9, "zehn": 10, "sechzehn": 16}

GERMAN = TurnWords(
    asks=(
        (Asked.EMAIL, re.compile(r"\be-?mail")),
        (Asked.SPELLING, re.compile(r"buchstabier")),
        (Asked.DATE, re.compile(r"datum|geburtstag|geboren|\bwann\b|\bwelche[mnr]? tag|gültig")),
        (
            Asked.DIGITS,
            re.compile(
                r"ziffer|stellig|\bstellen\b|nummer|\bpin\b|\bcode\b|postleitzahl|\bplz\b|betrag"
            ),
        ),
        (
            Asked.YES_OR_NO,
            re.compile(
                r"^(?:(?:und|also|gut|okay),? )?(?:ist|sind|war|haben|hat|darf|dürfen|soll|sollen"
                r"|kann|können|möchten|wollen|werden|wird|brauchen|stimmt|passt) "
                r"|\b(?:stimmt das|richtig|korrekt|einverstanden|in ordnung)$"
            ),
        ),
    ),
    requests=re.compile(r"\b(?:bitte|sagen sie|nennen sie|geben sie|ich brauche|ich benötige)\b"),
    counts=_COUNTS,
    count=counted(_COUNTS, r"(?:[ -]| der | letzten )*(?:ziffern|stellen|stellig|zahlen)"),
    open=frozenset(
        "und oder aber weil dass damit ob wenn als der die den dem des eine einen einem einer mein "
        "meine meinen meinem meiner ihre ihren unser unsere seine von vom für zur zum in im am "
        "beim ohne wir äh ähm öh hm also bin möchte würde könnte sehr welche welcher welches "
        "zwischen durch gegen wegen".split()
    ),
    open_ends=(
        "name ist", "nummer ist", "adresse ist", "problem ist", "ich heiße", "das ist",
        "es geht um", "ich brauche", "ich habe", "ich will", "und ich", "dass ich", "weil ich",
        "wenn ich", "ob ich", "können sie", "könnten sie", "würden sie", "können sie bitte",
        "könnten sie bitte", "würden sie bitte", "und zwar", "ich wollte", "ich hätte gern",
        "ich hätte gerne", "kann ich", "wie viel",
    ),
    done=frozenset("danke tschüss wiederhören nichts stopp mitarbeiter".split()),
    refuses=frozenset("nein nicht kein keine keinen nichts was warum wie entschuldigung".split()),
    echoed=re.compile(
        r"\bletzten (?:zwei|drei|vier|fünf|sechs)\b(?: ziffern| stellen)?(?: sind| lauten)?",
        re.IGNORECASE,
    ),
    address_ends=address_ends("punkt"),
    date_word=re.compile(
        r"januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
        r"|(?:erst|zweit|dritt|viert|fünft|sechst|siebt|acht|neunt|zehnt|elft|zwölft"
        r"|\w+(?:zehnt|zigst|ßigst))e[nrs]?"
    ),
    digits=NUMERALS.digits,
    numeral=NUMERALS.numeral,
    date_whole=date_whole,
    yes_or_no=partial(
        only_of,
        meant=frozenset("ja jawohl jo nein nee doch genau richtig stimmt".split()),
        beside=frozenset(
            "bitte danke gern gerne gut okay das ist klar sehr vielen dank natürlich".split()
        ),
    ),
)  # fmt: skip
