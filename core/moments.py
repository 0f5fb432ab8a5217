"""Moments that people name: "tomorrow at half past ten", "in an hour and a half"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from core.heard import date_heard, number_heard, words
from core.spoken import MONTHS, ordinal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARTS = {
    "morning": 10,
    "noon": 12,
    "afternoon": 15,
    "evening": 18,
    "tonight": 18,
    "night": 19,
}
_LATE = frozenset({"afternoon", "evening", "tonight", "night", "pm"})
_FRACTIONS = {"half": 30, "quarter": 15}
_AFTER, _BEFORE = frozenset({"past", "after"}), frozenset({"to", "before", "till", "of"})
_FIRST_AS_SAID = 8  # "at seven" is in the evening, "at eight" in the morning
_SAYS_WHEN = frozenset({"at", "in", "o'clock", "am", "pm", *_PARTS})
_UNITS = {"min": 1, "minute": 1, "hour": 60, "day": 24 * 60, "week": 7 * 24 * 60}
_DAY = _UNITS["day"]
_LONGEST = 10 * 366 * _DAY  # nobody means more, and a calendar ends
# A moment that is measured in these and was not understood is not the one beside it.
_BEYOND = frozenset("week weeks weekend month months year years".split())
_MONTH = {name.lower(): n for n, name in enumerate(MONTHS, 1)}
_ORDINALS = {tuple(words(ordinal(n))): n for n in range(31, 0, -1)}


def moment_heard(text: str, now: datetime) -> datetime | None:
    """Return the moment that words name, on the clock of `now` (aware); None: none, or half of one.

    Takes ISO 8601 too. A moment without a day is the next one.
    """
    iso = _iso(text, now)
    if iso is not None:
        return iso
    heard = _words(text)
    delay = _delay(heard)
    if delay is not None and delay[0] > _LONGEST:
        return None
    if delay is not None and delay[0] < _DAY:
        return (now + timedelta(minutes=delay[0])).replace(second=0, microsecond=0)
    if delay is not None:
        minutes, heard = delay
        day: date | None = (now + timedelta(minutes=minutes)).date()
        at = _clock(heard) or now.time().replace(second=0, microsecond=0)
    else:
        day, heard = _day(heard, now.date())
        day = date_heard(text) or day
        if _BEYOND & set(heard):
            return None
        found = _clock(heard)
        if found is None:
            return None
        at = found
    named = datetime.combine(day or now.date(), at, now.tzinfo)
    return named + timedelta(days=1) if day is None and named <= now else named


def names_moment(text: str) -> bool:
    """Whether words that are about something else, too, say when: "call me tomorrow at ten".

    A number alone says it only to who has asked for it.
    """
    marked = not _SAYS_WHEN.isdisjoint(_words(text))
    return marked and moment_heard(text, datetime(2000, 1, 3, 12, tzinfo=UTC)) is not None


def _words(text: str) -> list[str]:
    """Split into words: `4 p.m.` as `4 pm`, `10:30` as `10 30`, `3rd` as `third`, no dates."""
    plain = re.sub(r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}/\d{1,2}/\d{4}\b", " ", text.lower())
    plain = re.sub(r"\b([ap])\.?\s?m\b\.?", r" \1m ", plain)
    plain = re.sub(r"\b(\d{1,2})[:.](\d\d)\b", r"\1 \2", plain)
    return words(re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", _rank, plain))


def _rank(figures: re.Match[str]) -> str:
    return ordinal(int(figures[1]))


def _iso(text: str, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if len(text.strip()) <= len("2026-01-01"):
        return None  # a day is half of a moment
    return moment.replace(tzinfo=now.tzinfo) if moment.tzinfo is None else moment


# --- "in an hour and a half" ----------------------------------------------------------------------


def _delay(heard: list[str]) -> tuple[float, list[str]] | None:
    """Return how many minutes `in ...` means, and the words without it."""
    units = [at for at, word in enumerate(heard) if word.removesuffix("s") in _UNITS]
    starts = [at for at in range(units[0]) if heard[at] == "in"] if units else []
    if not starts:
        return None
    start, end = starts[-1], units[0]
    count = _count(heard[start + 1 : end])
    if count is None:
        return None
    rest = heard[end + 1 :]
    if rest[:3] == ["and", "a", "half"]:
        count, rest = count + 0.5, rest[3:]
    return count * _UNITS[heard[end].removesuffix("s")], heard[:start] + rest


def _count(said: list[str]) -> float | None:
    """Read `an`, `two`, `half an`, `one and a half`, `a quarter of an`, `a couple of`."""
    if said in (["a"], ["an"]):
        return 1
    if "couple" in said:
        return 2
    number = number_heard(" ".join(each for each in said if each not in ("a", "an", "and")))
    if "half" in said:
        return (number or 0) + 0.5
    if said and any(each.startswith("quarter") for each in said):
        return (number or 1) / 4
    return number or None


# --- "on Friday", "on the third of December" ------------------------------------------------------


def _day(heard: list[str], today: date) -> tuple[date | None, list[str]]:
    """Return the day that is named, and the words without it. The last counts: people correct."""
    monday = None
    for week, later in (("next", 7), ("this", 0)):
        at = _find(heard, (week, "week"))
        if at is not None:
            monday = today + timedelta(days=later - today.weekday())
            heard = [*heard[:at], *heard[at + 2 :]]
            break
    found: date | None = None
    rest: list[str] = []
    while heard:
        named, length = _day_at(heard, today, monday)
        if named is not None:
            found = named
        else:
            rest.append(heard[0])
        heard = heard[length:]
    return (None, [*rest, "week"]) if monday and found is None else (found, rest)


def _find(heard: list[str], wanted: tuple[str, ...]) -> int | None:
    size = len(wanted)
    return next((at for at in range(len(heard)) if tuple(heard[at : at + size]) == wanted), None)


def _day_at(heard: list[str], today: date, monday: date | None) -> tuple[date | None, int]:
    """Return the day that the first words name, and how many they are; None and 1: none."""
    match heard:
        case ["day", "after", "tomorrow", *_]:
            return today + timedelta(days=2), 3
        case ["tomorrow", *_]:
            return today + timedelta(days=1), 1
        case ["today", *_]:
            return today, 1
        case [name, *_] if name in WEEKDAYS:
            if monday is not None:
                return monday + timedelta(days=WEEKDAYS.index(name)), 1
            return today + timedelta(days=(WEEKDAYS.index(name) - today.weekday() - 1) % 7 + 1), 1
        case _:
            return _date_at(heard, today)


def _date_at(heard: list[str], today: date) -> tuple[date | None, int]:
    """Read `December third`, `december 3`, `the third of December`, `the third`."""
    if heard[0] in _MONTH:
        number, length = _rank_at(heard[1:], figures=True)
        return _next(today, number, _MONTH[heard[0]]) if number else None, 1 + length
    the = heard[0] == "the"
    number, length = _rank_at(heard[the:], figures=not the)
    rest = heard[the + length :]
    of = rest[:1] == ["of"]
    if number and rest[of : of + 1] and rest[of] in _MONTH:
        return _next(today, number, _MONTH[rest[of]]), the + length + of + 1
    if number and the:
        return _next(today, number, None), 1 + length
    return None, 1


def _rank_at(heard: Sequence[str], *, figures: bool) -> tuple[int | None, int]:
    """Return the day of a month that the first words are, and how many they are."""
    for size in (2, 1):
        if tuple(heard[:size]) in _ORDINALS:
            return _ORDINALS[tuple(heard[:size])], size
    if figures and heard and heard[0].isdecimal() and 1 <= int(heard[0]) <= 31:
        return int(heard[0]), 1
    return None, 0


def _next(today: date, number: int, month: int | None) -> date | None:
    """Return the next day of this number, in this month or in any; today counts."""
    for ahead in range(13):
        years, before = divmod(today.month - 1 + ahead, 12)
        if month is not None and before + 1 != month:
            continue
        try:
            found = date(today.year + years, before + 1, number)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


# --- "at half past ten" ---------------------------------------------------------------------------


def _clock(heard: list[str]) -> time | None:
    part = next((word for word in heard if word in _PARTS), "")
    relative = None if "from" in heard else _relative(heard)
    if relative is not None:
        hour, minute = relative
        return _time(hour, minute, heard, part)
    said = _after_at(heard)
    if said is not None:
        return _time(*said, heard, part)
    return time(_PARTS[part]) if part else None


def _relative(heard: list[str]) -> tuple[int, int] | None:
    """Read `half past ten`, `quarter to nine`, `twenty past four`, `five minutes to ten`."""
    plain = [word for word in heard if word not in ("minute", "minutes")]
    for at in range(1, len(plain) - 1):
        side, hour = plain[at], number_heard(plain[at + 1])
        if hour is None or not 0 < hour <= 24 or side not in _AFTER | _BEFORE:
            continue
        minutes = _FRACTIONS.get(plain[at - 1]) or number_heard(" ".join(_run(plain, at)))
        if minutes is not None and 0 < minutes < 60:
            return (hour, minutes) if side in _AFTER else (hour - 1, 60 - minutes)
    return None


def _run(heard: list[str], end: int) -> list[str]:
    """Return the number words that stand right before `end`, two at most."""
    start = end
    while start > max(0, end - 2) and number_heard(heard[start - 1]) is not None:
        start -= 1
    return heard[start:end]


def _after_at(heard: list[str]) -> tuple[int, int] | None:
    """Return hour and minute as they were said after "at", or before "am", "pm" or "o'clock"."""
    run: list[int] = []
    for word in heard[heard.index("at") + 1 if "at" in heard else 0 :]:
        number = 0 if run and word in ("oh", "o") else number_heard(word)
        if number is not None:
            run.append(number)
        elif run:
            break
    match run:
        case []:
            return None
        case [figures] if figures >= 100:
            return divmod(figures, 100)  # 1030, as recognizers write it
        case [20, unit, *rest] if 1 <= unit <= 3:
            return 20 + unit, sum(rest)
        case [hour, *rest] if len(rest) <= 2:
            return hour, sum(rest)  # ten forty five, ten oh five
        case _:
            return None


def _time(hour: int, minute: int, heard: list[str], part: str) -> time | None:
    late = "pm" in heard or part in _LATE
    early = "am" in heard or part == "morning"
    if hour < 12 and (late or (not early and 0 < hour < _FIRST_AS_SAID)):
        hour += 12
    if hour == 12 and "am" in heard:
        hour = 0
    return time(hour, minute) if 0 <= hour < 24 and 0 <= minute < 60 else None
