"""How quantities, dates and times that are written in figures are said in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache

from core.aloud_codes import one_by_one
from core.spoken import MONTHS, digits, number, ordinal, year

_FIGURES = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion",
    "thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion",
}  # fmt: skip
_CURRENCIES = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "USD": ("dollar", "cent"),
    "€": ("euro", "cent"), "EUR": ("euro", "cent"),
    "£": ("pound", "penny"), "GBP": ("pound", "penny"),
    "CAD": ("Canadian dollar", "cent"), "CHF": ("Swiss franc", "centime"), "JPY": ("yen", ""),
    "¥": ("yen", ""),
}  # fmt: skip
_UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "km": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "mi": "mile", "ft": "foot", "kg": "kilogram", "mg": "milligram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "ml": "milliliter", "GB": "gigabyte",
    "MB": "megabyte", "KB": "kilobyte", "TB": "terabyte", "kWh": "kilowatt hour",
    "kW": "kilowatt", "GHz": "gigahertz", "MHz": "megahertz", "hr": "hour", "hrs": "hour",
    "min": "minute", "mins": "minute", "sec": "second", "secs": "second", "ms": "millisecond",
}  # fmt: skip
_PLURALS = {"foot": "feet", "gigahertz": "gigahertz", "megahertz": "megahertz", "yen": "yen",
            "kilometer per hour": "kilometers per hour", "mile per hour": "miles per hour",
            "penny": "pence"}  # fmt: skip
_MONTH = {name[:3].casefold(): at for at, name in enumerate(MONTHS, 1)}
_MONTH_NAME = (
    r"(?P<name>Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?"
    r"|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_FRACTIONS = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter",
              "3/4": "three quarters", "½": "one half", "¼": "one quarter",
              "¾": "three quarters"}  # fmt: skip
_WORDS = {"&": "and", "→": "to", "=": "equals", "+": "plus", "e.g.": "for example",
          "i.e.": "that is", "approx.": "approximately", "vs.": "versus",
          "24/7": "twenty-four seven", "@": "at"}  # fmt: skip


def figures(text: str) -> str:
    """Say a number in figures, `1,250.5` as `one thousand two hundred fifty point five`."""
    whole, _, part = text.replace(",", "").partition(".")
    said = number(int(whole)) if len(whole) < 16 else digits(whole)
    return f"{said} point {digits(part)}" if part else said


def _many(unit: str, count: str) -> str:
    if count.replace(",", "") == "1":
        return unit
    return _PLURALS.get(unit, unit if unit.endswith("s") else f"{unit}s")


def _money(match: re.Match[str]) -> str | None:
    sign, symbol, amount, scale = match["sign"], match["symbol"], match["amount"], match["scale"]
    coin, small = _CURRENCIES[symbol]
    minus = "minus " if sign else ""
    if scale:
        return f"{minus}{figures(amount)} {_SCALES[scale.casefold()]} {_many(coin, '2')}"
    whole, _, part = amount.partition(".")
    if part and len(part) != 2:
        return f"{minus}{figures(amount)} {_many(coin, '2')}"
    coins = int(part or 0)
    said = (
        [f"{figures(whole)} {_many(coin, whole)}"]
        if int(whole.replace(",", "")) or not coins
        else []
    )
    said += [f"{number(coins)} {_many(small, str(coins))}"] if coins else []
    return minus + " and ".join(said)


def _percent(match: re.Match[str]) -> str:
    sign = {"": "", "+": "plus "}.get(match["sign"] or "", "minus ")
    return f"{sign}{figures(match['amount'])} percent"


def _degrees(match: re.Match[str]) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit"}.get(match["scale"] or "", "")
    sign = "minus " if match["sign"] else ""
    return f"{sign}{figures(match['amount'])} {_many('degree', match['amount'])}{scale}"


def _unit(match: re.Match[str]) -> str:
    return f"{figures(match['amount'])} {_many(_UNITS[match['unit']], match['amount'])}"


def _day_of(y: str | None, month: int, day: int) -> str | None:
    whole = int(y) if y else 2000
    whole += 2000 if whole < 100 else 0
    try:
        date(whole, month, day)
    except ValueError:
        return None
    said = f"{MONTHS[month - 1]} {ordinal(day)}"
    return f"{said}, {year(whole)}" if y else said


def _date(match: re.Match[str]) -> str | None:
    return _day_of(match["y"], int(match["m"]), int(match["d"]))


def _named(match: re.Match[str]) -> str | None:
    return _day_of(match["y"], _MONTH[match["name"][:3].casefold()], int(match["d"]))


def _month_year(match: re.Match[str]) -> str:
    return f"{MONTHS[_MONTH[match['name'][:3].casefold()] - 1]} {year(int(match['y']))}"


def _time(match: re.Match[str]) -> str | None:
    hour, minute, half = int(match["h"]), int(match["m"] or 0), match["half"] or ""
    if hour > 24 or minute > 59:
        return None
    said_half = half.replace(".", "").upper()
    if not half and hour > 12:
        hour, said_half = hour - 12, "PM" if hour < 24 else "AM"
    minutes = f" oh {number(minute)}" if 0 < minute < 10 else f" {number(minute)}" if minute else ""
    if not minutes and not said_half:
        return "midnight" if hour == 0 else f"{number(hour)} o'clock"
    ends = "." if half.endswith(".") and not match.string[match.end() :].strip() else ""
    return f"{number(hour or 12)}{minutes} {said_half}".rstrip() + ends


def _plan(match: re.Match[str]) -> str:
    return f"four oh {number(int(match['last']))} {match['kind']}"


def _year(match: re.Match[str]) -> str:
    return year(int(match["said"]))


def _decade(match: re.Match[str]) -> str:
    said = year(int(match["said"].strip("'s")))
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _whole(match: re.Match[str]) -> str:
    return figures(match["said"])


def _ranked(match: re.Match[str]) -> str:
    return ordinal(int(match["said"][:-2].replace(",", "")))


def _word(match: re.Match[str]) -> str:
    return _WORDS[match["said"].casefold()]


_MINUS = r"(?P<sign>(?<![\w.])[-\u2212])?"
_YEAR = r"(?P<y>(?:1[89]|20)\d\d)"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_HALF = r"(?P<half>[AaPp]\.?[Mm]\b\.?)"
_AMOUNT = rf"(?P<amount>{_FIGURES})"
_SCALE = r"(?:\s?(?P<scale>(?:[kKM]|mn|bn|B)(?![\w/])|(?:thousand|million|billion|trillion)\b))?"

type _Say = Callable[[re.Match[str]], str | None]


def _patterns(first: str, second: str) -> tuple[tuple[str, _Say], ...]:
    """Return what looks like what, the special before the general; `first` in a date is that."""
    return (
        (r"(?P<said>24/7|\be\.g\.|\bi\.e\.|\bapprox\.|\bvs\.)", _word),
        (r"\b40(?P<last>[13])\s?\(?(?P<kind>[kb])(?:\b\)?)", _plan),
        (r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b(?:T[\d:.]+Z?)?", _date),
        *((rf"(?<![\d{mark}]){first}{mark}{second}{mark}(?P<y>{y})(?![\d{mark}])", _date)
          for mark, y in (("/", r"\d{4}|\d{2}"), ("-", r"\d{4}"))),
        (rf"\b{_MONTH_NAME} {_DAY}\b(?:,? {_YEAR}\b)?", _named),
        (rf"\b{_DAY}(?: of)? {_MONTH_NAME}\b(?:,? {_YEAR}\b)?", _named),
        (rf"\b{_MONTH_NAME},? {_YEAR}\b", _month_year),
        (rf"\b(?P<h>\d{{1,2}}):(?P<m>\d\d)(?::\d\d)?(?:\s?{_HALF})?(?![\d:])", _time),
        (rf"\b(?P<h>\d{{1,2}})(?P<m>)\s?{_HALF}", _time),
        (rf"{_MINUS}(?P<symbol>US\$|[$€£¥])\s?{_AMOUNT}{_SCALE}", _money),
        (rf"{_MINUS}\b{_AMOUNT}(?P<scale>)\s?(?P<symbol>USD|EUR|GBP|CAD|CHF|JPY|[$€£])",
         _money),
        (rf"(?P<sign>(?<![\w.])[-\u2212+])?\b{_AMOUNT}\s?%", _percent),
        (rf"{_MINUS}\b{_AMOUNT}\s?°\s?(?P<scale>[CF]\b)?", _degrees),
        (rf"\b{_AMOUNT}\s?(?P<unit>{'|'.join(sorted(_UNITS, key=len, reverse=True))})\b", _unit),
        (r"\b(?P<said>\d{1,3}(?:,\d{3})*(?:st|nd|rd|th))\b", _ranked),
        (r"(?<!\w)(?P<said>(?:(?:1[89]|20)\d|'\d)0s)\b", _decade),
        (r"(?<![\d/])(?P<said>1/2|1/3|2/3|1/4|3/4|[½¼¾])(?![\d/])",
         lambda m: _FRACTIONS[m["said"]]),
        (r"\b(?:[Ii]n|[Ss]ince|of|[Ff]rom|[Uu]ntil|[Bb]y|[Bb]efore|[Aa]fter|[Yy]ear|[Dd]uring|to|through)"
         r" (?P<said>(?:1[89]|20)\d\d)\b(?![,.]\d|[%\w])", _year),
        (r"(?:(?<![\w.])#|\b[Nn]o\. ?)(?=\d)", lambda m: "number "),
        (r"(?<=[\d%])\s?[-\u2013\u2014]\s?(?=[$€£]?\d)", lambda m: " to "),
        (r"(?<![\w.,)])[-\u2212](?=\d)", lambda m: "minus "),
        (r"(?<=\d)/(?=[a-z]+\b)", lambda m: " per "),
        (r"(?<=\d)\s?[\u00d7x]\s?(?=\d)", lambda m: " by "),
        (r"(?<=\d)x\b", lambda m: " times"),
        (r"(?<=\d)\+(?!\d)", lambda m: " plus"),
        (r"(?<=\s)(?P<said>[&=+@→])(?=\s)", _word),
        (r"(?P<said>&)", lambda m: " and "),
        (r"(?<![\w.,$€£])(?P<said>0\d+|\d{7,})(?![\w]|[,.:/]\d)", one_by_one),
        (rf"(?<![\w.,])(?P<said>{_FIGURES})(?![,.]?\d)", _whole),
    )  # fmt: skip


@cache
def english(*, day_first: bool) -> tuple[tuple[re.Pattern[str], _Say], ...]:
    """Return the rules of `core.aloud` for English; only Americans write the month first."""
    parts = (r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})")
    first, second = reversed(parts) if day_first else parts
    return tuple((re.compile(pattern), say) for pattern, say in _patterns(first, second))
