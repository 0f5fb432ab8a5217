"""Calls as they are kept: what a store of calls, their logs, relays and directives can do.

Every implementation of `CallStore` passes one contract suite.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.dialling import Caps
from core.facts import Direction, Fact, LogEntry
from core.session import Directive, LiveCall


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """What is kept of a call beside its log. `caller` and `called` are personal data.

    Times are epoch seconds. `seen_at`: when a relay last joined the call or told of it (what it
    says it has is in `Relay.calls`). `record` is there once the call has ended.
    """

    call_id: str
    created_at: float
    direction: Direction
    caller: str
    called: str
    scenario: str
    scenario_sha: str
    connection_id: str = ""
    epoch: int = 0
    seen_at: float = 0.0
    ended_at: float | None = None
    record: dict[str, Any] | None = None

    @property
    def person(self) -> str:
        """The number or user id that is not ours."""
        return self.called if self.direction is Direction.OUTBOUND else self.caller

    @property
    def at_relay(self) -> LiveCall:
        """The call as the relay that has it names it."""
        return LiveCall(call_id=self.call_id, epoch=self.epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A fact and its name at its origin: the same pair is appended once."""

    source: str
    source_id: str
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Entries in order; `more` says whether there are others behind them."""

    entries: tuple[LogEntry, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPage:
    """Calls, newest first; `continuation` is empty on the last page."""

    calls: tuple[StoredCall, ...]
    continuation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A relay as its last heartbeat showed it; `calls` are those it has."""

    relay_id: str
    url: str
    load: float
    draining: bool
    seen_at: float
    calls: tuple[LiveCall, ...] = ()


class UnknownCall(KeyError):
    """No call has this id."""


class CallStore(Protocol):
    """Calls, their logs, relays and directives. Every write is conditional; times are its own."""

    async def claim(
        self,
        call: StoredCall,
        caps: Caps | None = None,
        *,
        limits: Mapping[str, float] | None = None,
    ) -> StoredCall:
        """Create a call and entry 1 (`Offered`) unless it exists; return what is stored.

        With `caps` an outgoing call is created only while there is room. Raises Full.
        """
        ...

    async def call(self, call_id: str) -> StoredCall | None: ...

    async def live_before(self, call: StoredCall, most: int) -> int:
        """Count the calls that are not over and came before this one; `most` is enough."""
        ...

    async def epochs(self, call_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many relays have had each of these calls, of those that are not over.

        One look for all of them. A number may lag behind the call's own, but is never ahead of it.
        """
        ...

    async def joined(self, *, since: float, beside: Collection[LiveCall]) -> tuple[StoredCall, ...]:
        """Return the calls that are not over and that a relay joined or told of since then.

        Those `beside` are known to be at their relay: only the others are read.
        """
        ...

    async def calls(
        self, *, limit: int = 50, continuation: str = "", ended: bool | None = None
    ) -> CallPage:
        """List calls, newest first. Raises ValueError for a continuation that is not ours."""
        ...

    async def calls_of(
        self, person: str, *, since: float, limit: int = 20
    ) -> tuple[StoredCall, ...]:
        """Return the calls with a number or user id (not ours), newest first."""
        ...

    async def append(
        self, call_id: str, facts: Sequence[NewFact], *, epoch: int | None = None
    ) -> tuple[LogEntry, ...]:
        """Append what is new, numbered without gaps, all or nothing; return the new entries.

        Facts of an `epoch` that is not the call's current one are marked late. Raises UnknownCall.
        """
        ...

    async def log(
        self, call_id: str, *, after: int = 0, limit: int = 500, life_only: bool = False
    ) -> LogPage: ...

    async def find(self, call_id: str, source: str, source_id: str) -> LogEntry | None:
        """Return the entry that this fact became."""
        ...

    async def last_seq(self, call_id: str, source: str) -> int:
        """Return the highest numeric source id that is in the log, or 0."""
        ...

    async def bind_leg(self, call_id: str, connection_id: str) -> str:
        """Bind the leg unless one is bound; return the bound one. Raises UnknownCall."""
        ...

    async def open_session(self, call_id: str, relay_id: str) -> int:
        """Give the call to a relay: the next epoch, logged as `SessionOpened`."""
        ...

    async def finish(self, call_id: str, record: dict[str, Any], *, keep_words: bool) -> None:
        """Store the record of an ended call; without `keep_words` the log loses what was said."""
        ...

    async def expired(self, *, ended_before: float, limit: int = 100) -> tuple[str, ...]:
        """Return the ids of calls that ended before then, the oldest first."""
        ...

    async def forget(self, call_ids: Sequence[str]) -> None:
        """Delete calls with their logs and directives."""
        ...

    async def heartbeat(self, relay: Relay) -> None:
        """Keep what a relay says of itself."""
        ...

    async def relays(self, *, seen_after: float) -> tuple[Relay, ...]: ...

    async def direct(self, directive: Directive) -> None:
        """Leave a directive for whoever has the call. The same id is kept once."""
        ...

    async def directives(self, call_ids: Sequence[str]) -> tuple[Directive, ...]: ...

    async def acknowledge(self, directive_ids: Sequence[str]) -> None: ...

    async def keep_snapshot(self, sha: str, text: str) -> None: ...

    async def snapshot(self, sha: str) -> str | None: ...

    async def aclose(self) -> None: ...
