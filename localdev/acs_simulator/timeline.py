"""Everything that happened in a call, in order, for whoever watches or waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localdev.acs_simulator.clock import CallClock

MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened at `at_ms` of the call. `n` counts from 0 without gaps."""

    n: int
    at_ms: float
    kind: str
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the entry with its facts beside its time."""
        return {"n": self.n, "at_ms": self.at_ms, "kind": self.kind} | dict(self.facts)


class Timeline:
    """Grows until the call is over; holds no addresses and no secrets."""

    def __init__(self, clock: CallClock) -> None:
        self.entries: list[Entry] = []
        self.closed = False
        self._clock = clock
        self._grown = asyncio.Event()

    def note(self, kind: str, **facts: Any) -> None:
        """Add what just happened. A call that does nothing but note is cut short here."""
        if len(self.entries) >= MAX_ENTRIES:
            return
        entry = Entry(n=len(self.entries), at_ms=self.now_ms(), kind=kind, facts=facts)
        self.entries.append(entry)
        self._wake()

    def now_ms(self) -> float:
        """Return the time that an entry made now would have."""
        return round(self._clock.now_ms(), 1)

    def close(self) -> None:
        """Let everybody who waits know that nothing more comes."""
        self.closed = True
        self._wake()

    def of(self, kind: str, **facts: Any) -> list[Entry]:
        """Return the entries of a kind whose facts are these."""
        return [entry for entry in self.entries if entry.kind == kind and _has(entry, facts)]

    async def wait_for(self, *kinds: str, after: int = 0, **facts: Any) -> Entry:
        """Return the first such entry with `n >= after`. Raises `LookupError` if it never comes."""
        seen = after
        while True:
            for entry in self.entries[seen:]:
                if entry.kind in kinds and _has(entry, facts):
                    return entry
            seen = max(seen, len(self.entries))
            if self.closed:
                raise LookupError(f"the call was over before {kinds} {facts}")
            await self.grown(seen)

    async def grown(self, beyond: int) -> None:
        """Return once there are more than `beyond` entries, or no more can come."""
        while len(self.entries) <= beyond and not self.closed:
            await self._grown.wait()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


def _has(entry: Entry, facts: Mapping[str, Any]) -> bool:
    return all(entry.facts.get(name) == value for name, value in facts.items())
