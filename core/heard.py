"""What a caller's words come to as values: digits, amounts, dates, names, yes and no.

Transcripts of telephone speech are rough: numbers come as words or figures, grouped at will,
without punctuation. Every function returns None where the words say nothing of the kind.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from itertools import takewhile

from core.spoken import MONTHS, TENS, UNITS, ordinal

FIGURES = "0123456789"

_VALUE = {word: value for value, word in enumerate(UNITS)}
_VALUE |= {word: value * 10 for value, word in enumerate(TENS) if word != "_"}
_VALUE |= {"oh": 0, "o": 0, "a": 1, "an": 1, "nought": 0, "fourty": 40}
_SCALE = {"hundred": 100, "thousand": 1000, "k": 1000, "grand": 1000, "million": 10**6}
_SCALE |= {"billion": 10**9}
_SOUNDS_LIKE = {"for": "four", "fore": "four", "to": "two", "too": "two", "won": "one"}
_SOUNDS_LIKE |= {"ate": "eight", "tree": "three", "sicks": "six", "nein": "nine"}
_NO_NUMBER = (["a"], ["an"], ["o"], ["oh"])
_REPEAT = {"double": 2, "triple": 3}
_DAYS = {ordinal(n).replace("-", " "): n for n in range(1, 32)}
_MONTH = {name[:3].lower(): n for n, name in enumerate(MONTHS, 1)}

_YES = frozenset(
    "yes yeah yep yup yea ya sure ok okay correct right absolutely certainly definitely".split()
) | {"go ahead", "of course", "do it", "sounds good", "i do", "i agree", "uh huh", "please do"}
_NO = frozenset("no nope nah never not negative cancel don't dont".split()) | {"stop it"}
_NO_REFUSAL = re.compile(r" no (?:problem|worries) ")
_POLITE = frozenset(
    "please thanks thank you that that's it's is it i a i'd i'm would like very much um uh well oh "
    "fine great good sir madam ma'am sorry and".split()
)

_NAME_OPENING = re.compile(
    r"\b(?:my (?:full |first and last )?name is|my name'?s|the name is|this is|i am|i'm|it is"
    r"|it's|name is)\s+(?P<name>.+)",
    re.IGNORECASE,
)
_BEFORE_A_NAME = frozenset(
    "yes yeah sure okay ok um uh er well hi hello hey so of course it's its it is that's".split()
)
_ENDS_A_NAME = frozenset(
    "and my the last social calling here speaking from with digits number code ending".split()
)
_NO_NAME = frozenset(
    "a an about account balance not what why how who i you your can could want would need like "
    "please help transfer fee card money person human agent representative no nothing looking "
    "interested trying sorry again repeat never mind to for is are do does don't in at of".split()
)


def words(text: str) -> list[str]:
    """Split into lower-case words and figures; `$1,250.50` is one figure, hyphens part words."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    plain = re.sub(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))", "", plain)
    plain = re.sub(r"([0-9])(k)\b", r"\1 \2", plain)
    return re.findall(r"[0-9]{1,15}(?:\.[0-9]+)?|[^\W\d_]+(?:'[^\W\d_]+)*", plain)


def yes_or_no(text: str) -> bool | None:
    """Whether the words agree or refuse. A refusal anywhere wins; "no problem" is none."""
    said = f" {' '.join(words(text))} "
    rest = _NO_REFUSAL.sub(" ", said)
    if any(f" {phrase} " in rest for phrase in _NO):
        return False
    return True if rest != said or any(f" {phrase} " in said for phrase in _YES) else None


def only_yes_or_no(text: str) -> bool | None:
    """Return what `yes_or_no` does when the words say nothing else, else None."""
    agreed = yes_or_no(text)
    known = {word for phrase in _YES | _NO | _POLITE for word in phrase.split()}
    return agreed if set(words(text)) <= known else None


# --- digits ---------------------------------------------------------------------------------------


def digits_heard(text: str, count: int) -> str | None:
    """Return exactly `count` digits, said one by one, in groups, as a number or as figures."""
    heard = words(text)
    strict = _pick(_digit_runs(heard), count)
    if strict is not None:
        return strict
    guessed = [_SOUNDS_LIKE.get(word, word) for word in heard]
    sure = sum(word in _VALUE or _figures(word) for word in heard)
    return _pick(_digit_runs(guessed), count) if 2 * sure >= count else None


def _pick(runs: list[str], count: int) -> str | None:
    fitting = [run for run in runs if len(run) == count]
    if fitting:
        return fitting[-1]
    together = "".join(runs)
    return together if len(together) == count else None


def _digit_runs(heard: list[str]) -> list[str]:
    runs: list[list[str]] = [[]]
    for word in heard:
        if word in _REPEAT or (_numeric(word) and word not in ("a", "an")):
            runs[-1].append(word)
        elif runs[-1] and word != "and":
            runs.append([])
    return [run for run in map(_run_digits, runs) if run]


def _run_digits(run: list[str]) -> str:
    if any(word in _SCALE for word in run):
        parsed = _number(run)
        return str(parsed) if parsed is not None else ""
    out, repeat, after_ten = "", 1, False
    for word in run:
        if word in _REPEAT:
            repeat = _REPEAT[word]
            continue
        value = _VALUE.get(word)
        if after_ten and value is not None and 0 < value < 10:
            out = out[:-1]
        out += (word.replace(".", "") if value is None else str(value)) * repeat
        repeat, after_ten = 1, word in TENS
    return out


# --- numbers and money ----------------------------------------------------------------------------


def number_heard(text: str) -> int | None:
    """Return the first whole number said, `twelve hundred` as 1200."""
    for run in _number_runs(words(text)):
        parsed = _number(run)
        if parsed is not None:
            return parsed
    return None


def amount_heard(text: str) -> int | None:
    """Return an amount of money in cents; dollars unless the words say cents."""
    heard = [w for w in words(text) if w not in ("us", "usd")]
    cents: int | None = None
    for run, unit in _with_units(heard):
        value = _hundredths(run)
        if value is None:
            continue
        if unit.startswith("cent"):
            return (cents or 0) + value // 100
        if cents is not None:
            break
        cents = value
    return cents


def _with_units(heard: list[str]) -> list[tuple[list[str], str]]:
    found: list[tuple[list[str], str]] = []
    run: list[str] = []
    for word in [*heard, ""]:
        if _numeric(word) or (word == "and" and run):
            run.append(word)
            continue
        if run:
            found.append(([w for w in run if w != "and"], word))
            run = []
    return [(run, unit) for run, unit in found if run not in _NO_NUMBER]


def _number_runs(heard: list[str]) -> list[list[str]]:
    return [run for run, _ in _with_units(heard)]


def _figures(word: str) -> bool:
    return word[:1] in FIGURES and word != ""


def _numeric(word: str) -> bool:
    return _figures(word) or word in _VALUE or word in _SCALE


def _hundredths(run: list[str]) -> int | None:
    if len(run) == 1 and "." in run[0]:
        whole, _, part = run[0].partition(".")
        return int(whole) * 100 + int(part[:2].ljust(2, "0"))
    parsed = _number(run)
    return None if parsed is None else parsed * 100


def _number(run: list[str]) -> int | None:
    total = part = 0
    for word in run:
        if word in _SCALE:
            scale = _SCALE[word]
            part = max(part, 1) * scale
            if scale > 100:
                total, part = total + part, 0
        elif word in _VALUE:
            part += _VALUE[word]
        elif _figures(word):
            part += int(word.partition(".")[0])
        else:
            return None
    return total + part


# --- dates ----------------------------------------------------------------------------------------


def date_heard(text: str) -> date | None:
    """Return a day with its year: `March 3rd 1985`, `3/3/1985`, or all in words."""
    iso = re.search(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", text)
    if iso:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    american = re.search(r"\b(\d{1,2})[/\-. ](\d{1,2})[/\-. ](\d{4})\b", text)
    if american:
        return _day(int(american[3]), int(american[1]), int(american[2]))
    heard = words(re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text))
    month = next((_MONTH[w[:3]] for w in heard if w.capitalize() in MONTHS), None)
    year, rest = _year(heard)
    if month is None or year is None:
        return None
    number = _ordinal_day(rest)
    return None if number is None else _day(year, month, number)


def _year(heard: list[str]) -> tuple[int | None, list[str]]:
    for at, word in enumerate(heard):
        if re.fullmatch(r"(19|20)\d\d", word):
            return int(word), heard[:at]
        if word in ("nineteen", "twenty", "two") and at and at + 1 < len(heard):
            run = list(takewhile(_numeric, (w for w in heard[at:] if w != "and")))
            said = str(_number(run)) if "thousand" in run else _run_digits(run)
            if re.fullmatch(r"(19|20)\d\d", said):
                return int(said), heard[:at]
    return None, heard


def _ordinal_day(heard: list[str]) -> int | None:
    said = " ".join(heard)
    for name in sorted(_DAYS, key=len, reverse=True):
        if re.search(rf"\b{name}\b", said):
            return _DAYS[name]
    return number_heard(said)


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


# --- names ----------------------------------------------------------------------------------------


def name_heard(text: str, *, asked: bool = False) -> str | None:
    """Return a person's full name from `my name is ...`, or from a bare answer when `asked`."""
    opening = _NAME_OPENING.search(text.replace("\u2019", "'"))
    candidate = _name_of(opening["name"]) if opening else None
    if candidate or not asked:
        return candidate
    heard = words(text)
    while heard and heard[0] in _BEFORE_A_NAME:
        heard.pop(0)
    return _name_of(" ".join(heard))


def _name_of(text: str) -> str | None:
    name: list[str] = []
    for word in words(re.split(r"[.;!?\d]", text)[0]):
        if word in _ENDS_A_NAME or word in _VALUE:
            break
        if word in _NO_NAME:
            return None
        name.append(word)
    enough = 2 <= len(name) <= 4 or (len(name) == 1 and len(name[0]) >= 9)
    return " ".join(word.capitalize() for word in name) if enough else None
