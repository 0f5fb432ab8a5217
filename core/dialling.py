"""Whom we may call, when on his own clock, and how many calls at once and a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from core.hours import Hours

FARTHEST_DAYS = 60  # what people promise on the telephone


class Refusal(StrEnum):
    """Why a number is not called; the text is for whoever ordered the call."""

    OFF = "outgoing calls are off; OUTBOUND_ENABLED=true allows them"
    OWN = "this number is ours; the call would be a loop"
    UNLISTED = "OUTBOUND_ALLOWED_PREFIXES does not allow this number"
    DENIED = "OUTBOUND_COUNTRY_RULES denies this number"
    PREMIUM = "numbers that cost a premium are not called, unless OUTBOUND_COUNTRY_RULES says so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """What holds for numbers that begin with `prefix`; of several prefixes the longest counts.

    `premium`: its premium numbers may be called. Without hours or zone the common ones hold.
    """

    prefix: str
    denied: bool = False
    premium: bool = False
    hours: Hours | None = None
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The hours in which one number may be called, on its own clock. Moments are epoch seconds."""

    hours: Hours
    zone: tzinfo

    def local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self.zone)

    def allows(self, at: float) -> bool:
        return self.hours.allow(self.local(at))

    def next(self, at: float) -> float:
        """Return this moment, or the next one after it that is allowed."""
        return at if self.allows(at) else self.hours.next(self.local(at)).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Whom we may call, and when.

    `numbers`: allowed beginnings. `own`: to call one of those would be a loop. `premium`: whether
    a number costs a premium. `hours` and `zone`: for calls that nobody orders at that moment.
    `attempts`: of a promised call, in all; `farthest_days`: no later is one promised.
    """

    enabled: bool = False
    numbers: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    countries: tuple[Country, ...] = ()
    premium: Callable[[str], bool] = field(default=lambda _: False)
    hours: Hours = field(default_factory=Hours)
    zone: tzinfo = UTC
    attempts: int = 3
    farthest_days: int = FARTHEST_DAYS

    def refusal(self, number: str) -> Refusal | None:
        """Return why this number (E.164) may not be called at all; None: it may."""
        if not self.enabled:
            return Refusal.OFF
        if number in self.own:
            return Refusal.OWN
        if not (number.startswith("+") and number.startswith(self.numbers)):
            return Refusal.UNLISTED
        country = self._country(number)
        if country is not None and country.denied:
            return Refusal.DENIED
        if not (country is not None and country.premium) and self.premium(number):
            return Refusal.PREMIUM
        return None

    def allow(self, number: str) -> bool:
        """Whether this number may be called at all."""
        return self.refusal(number) is None

    def window(self, number: str) -> Window:
        """Return when this number may be called."""
        country = self._country(number) or Country(prefix="")
        return Window(hours=country.hours or self.hours, zone=country.zone or self.zone)

    def _country(self, number: str) -> Country | None:
        fitting = (each for each in self.countries if number.startswith(each.prefix))
        return max(fitting, key=lambda each: len(each.prefix), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many outgoing calls there may be. Moments are epoch seconds.

    `concurrent`: live at once; a call that began before `live_since` must be over, whatever its
    record says. `per_day`: since `day_began`.
    """

    concurrent: int
    live_since: float
    per_day: int
    day_began: float


class Full(Exception):
    """There is no room for another outgoing call: too many are live, or were made today."""

    def __init__(self, *, today: bool) -> None:
        super().__init__("the day's outgoing calls are used up" if today else "too many are live")
        self.today = today
