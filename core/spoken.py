"""How numbers, money, digits and dates are said aloud, so that no voice has to guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
MONTHS = (
    "January February March April May June July August September October November December"
).split()
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def number(value: int) -> str:
    """Say a whole number, `1250` as `one thousand two hundred fifty`."""
    if value < 0:
        return f"minus {number(-value)}"
    for scale, name in SCALES:
        if value >= scale:
            rest = value % scale
            head = f"{number(value // scale)} {name}"
            return f"{head} {number(rest)}" if rest else head
    if value < 20:
        return UNITS[value]
    ten, unit = divmod(value, 10)
    return f"{TENS[ten]}-{UNITS[unit]}" if unit else TENS[ten]


def ordinal(value: int) -> str:
    """Say a rank, `21` as `twenty-first`."""
    words = number(value)
    cut = max(words.rfind("-"), words.rfind(" ")) + 1
    head, last = words[:cut], words[cut:]
    if last in _IRREGULAR:
        return head + _IRREGULAR[last]
    return head + (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")


def money(cents: int) -> str:
    """Say an amount of US dollars given in cents."""
    if cents < 0:
        return f"minus {money(-cents)}"
    whole, part = divmod(cents, 100)
    said = []
    if whole or not part:
        said.append(f"{number(whole)} dollar{'' if whole == 1 else 's'}")
    if part:
        said.append(f"{number(part)} cent{'' if part == 1 else 's'}")
    return " and ".join(said)


def digits(text: str) -> str:
    """Say each digit alone, `4127` as `four one two seven`; everything else is dropped."""
    return " ".join(UNITS[int(character)] for character in text if character in "0123456789")


def day(value: date | str) -> str:
    """Say a day without its year, `2025-03-03` as `March third`. Takes ISO text too."""
    when = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{MONTHS[when.month - 1]} {ordinal(when.day)}"


def clock(hour: int, minute: int = 0) -> str:
    """Say a time of day, `15, 30` as `three thirty in the afternoon`."""
    part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
    minutes = f" oh {number(minute)}" if 0 < minute < 10 else f" {number(minute)}" if minute else ""
    return f"{number((hour - 1) % 12 + 1)}{minutes} in the {part}"


def year(value: int) -> str:
    """Say a year, `1985` as `nineteen eighty-five`."""
    century, rest = divmod(value, 100)
    if not 1000 <= value < 10_000 or (rest < 10 and century % 10 == 0):
        return number(value)
    if rest == 0:
        return f"{number(century)} hundred"
    return f"{number(century)} {'oh ' if rest < 10 else ''}{number(rest)}"


def percent(value: float | str | Decimal) -> str:
    """Say a rate, `19.9` as `nineteen point nine percent`."""
    whole, _, fraction = f"{Decimal(str(value)).normalize():f}".partition(".")
    said = ("minus " if whole.startswith("-") else "") + number(abs(int(whole)))
    return f"{said} point {digits(fraction)} percent" if fraction else f"{said} percent"


def listed(items: list[str]) -> str:
    """Join things the way people list them: `a, b and c`."""
    *head, last = items or [""]
    return f"{', '.join(head)} and {last}" if head else last


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": money,
    "digits": digits,
    "date": day,
    "year": year,
    "percent": percent,
    "number": number,
    "listed": listed,
}
"""What templates that are spoken may use, by filter name."""


def moment(at: datetime) -> str:
    """Return a moment as it is said: "on Thursday, March nineteenth, at ten in the morning"."""
    return f"on {at:%A}, {day(at.date())}, at {clock(at.hour, at.minute)}"


def ago(seconds: float) -> str:
    """Return roughly how long ago: "a moment ago", "about ten minutes ago"."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return "a moment ago"
    if minutes < 100:
        return f"about {number(minutes if minutes < 20 else round(minutes, -1))} minutes ago"
    hours = round(minutes / 60)
    return f"about {number(hours)} hours ago" if hours < 36 else "a few days ago"
