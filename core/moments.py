"""Moments that people name ("tomorrow at half past ten"), and the hours in which we may call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.heard import date_heard, number_heard, words

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PARTS = {"morning": 10, "noon": 12, "afternoon": 15, "evening": 18, "tonight": 18}
_FRACTIONS = {"half": 30, "quarter": 15}
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)\b")
_FIRST_AS_SAID = 8  # "at seven" is in the evening, "at eight" in the morning


def moment_heard(text: str, now: datetime) -> datetime | None:
    """Return the moment that words name, on the clock of `now` (aware); None: none, or half of one.

    Takes ISO 8601 too. A moment without a day is the next one.
    """
    iso = _iso(text, now)
    if iso is not None:
        return iso
    heard = words(re.sub(r"\b([ap])\.?\s?m\b\.?", r" \1m ", text.lower()))
    if "in" in heard:
        delay = _delay(heard[heard.index("in") + 1 :])
        if delay is not None:
            return (now + delay).replace(second=0, microsecond=0)
    day = _day(text, heard, now)
    at = _clock(text, heard)
    if at is None:
        return None
    named = datetime.combine(day or now.date(), at, now.tzinfo)
    return named + timedelta(days=1) if day is None and named <= now else named


def _iso(text: str, now: datetime) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if len(text.strip()) <= len("2026-01-01"):
        return None  # a day is half of a moment
    return moment.replace(tzinfo=now.tzinfo) if moment.tzinfo is None else moment


def _delay(heard: list[str]) -> timedelta | None:
    unit = next((word for word in heard if re.match(r"(minute|hour|day)", word)), None)
    if unit is None:
        return None
    said = heard[: heard.index(unit)]
    minutes = {"m": 1, "h": 60, "d": 24 * 60}[unit[0]]
    if "half" in said:
        return timedelta(minutes=minutes / 2)
    count = 1 if said in (["a"], ["an"]) else number_heard(" ".join(said))
    return timedelta(minutes=minutes * count) if count else None


def _day(text: str, heard: list[str], now: datetime) -> date | None:
    today = now.date()
    if "tomorrow" in heard:
        after = "after" in heard and heard.index("after") < heard.index("tomorrow")
        return today + timedelta(days=2 if after else 1)
    if "today" in heard or "tonight" in heard:
        return today
    for number, name in enumerate(WEEKDAYS):
        if name in heard:
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return date_heard(text)


def _clock(text: str, heard: list[str]) -> time | None:
    part = next((word for word in heard if word in _PARTS), "")
    written = _CLOCK.search(text)
    if written:
        return _time(int(written[1]), int(written[2]), heard, part)
    for name, minutes in _FRACTIONS.items():
        if name in heard:
            rest = heard[heard.index(name) + 1 :]
            hour = number_heard(" ".join(rest[1:2]))
            if hour is not None and rest[:1] in (["past"], ["to"]):
                before = rest[0] == "to"
                return _time(hour - before, 60 - minutes if before else minutes, heard, part)
    numbers = _after_at(heard)
    if numbers:
        minute = numbers[1] if len(numbers) > 1 else 0
        return _time(numbers[0], minute, heard, part)
    return time(_PARTS[part]) if part else None


def _after_at(heard: list[str]) -> list[int]:
    """Return hour and minute as they were said after "at", or before "am", "pm" or "o'clock"."""
    start = heard.index("at") + 1 if "at" in heard else 0
    run: list[int] = []
    for word in heard[start:]:
        number = number_heard(word)
        if number is None:
            if run:
                break
            continue
        run.append(number)
    if len(run) > 2:
        run = [run[0], run[1] + run[2]]  # ten forty five
    return run


def _time(hour: int, minute: int, heard: list[str], part: str) -> time | None:
    late = "pm" in heard or part in ("afternoon", "evening", "tonight")
    early = "am" in heard or part == "morning"
    if hour < 12 and (late or (not early and 0 < hour < _FIRST_AS_SAID)):
        hour += 12
    if hour == 12 and "am" in heard:
        hour = 0
    return time(hour, minute) if 0 <= hour < 24 and 0 <= minute < 60 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From which to which full hour people may be called, every day, on their clock."""

    opens: int = 9
    closes: int = 20

    def __str__(self) -> str:
        return f"{self.opens}-{self.closes}"

    def allow(self, at: datetime) -> bool:
        """Whether this moment is within."""
        return self.opens <= at.hour < self.closes

    def common(self, other: Hours) -> Hours | None:
        """Return the hours that are in both."""
        opens, closes = max(self.opens, other.opens), min(self.closes, other.closes)
        return Hours(opens=opens, closes=closes) if opens < closes else None

    def next(self, at: datetime) -> datetime:
        """Return this moment, or the next opening after it."""
        if self.allow(at):
            return at
        opening = at.replace(hour=self.opens, minute=0, second=0, microsecond=0)
        return opening if at < opening else opening + timedelta(days=1)
