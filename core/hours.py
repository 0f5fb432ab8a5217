"""The hours of a day in which people may be called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


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
