"""What the control plane needs from a store, a telephone carrier, a blob store and an orchestrator.

Adapters implement these Protocols; every implementation of `CallStore` passes one contract suite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from core.dialling import Caps
from core.facts import Direction, Fact, LegState, LogEntry
from core.session import Directive, LiveCall

# --- calls and their logs -------------------------------------------------------------------------


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

    async def claim(self, call: StoredCall, caps: Caps | None = None) -> StoredCall:
        """Create a call and entry 1 (`Offered`) unless it exists; return what is stored.

        With `caps` an outgoing call is created only while there is room. Raises Full.
        """
        ...

    async def call(self, call_id: str) -> StoredCall | None: ...

    async def live_before(self, call: StoredCall, most: int) -> int:
        """Count the calls that are not over and came before this one; `most` is enough."""
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


# --- the carrier ----------------------------------------------------------------------------------


class Trouble(StrEnum):
    """Why the carrier did not do what it was asked."""

    GONE = "gone"  # there is no such leg (any more)
    CONFLICT = "conflict"  # not in this state: too late, or somebody else's
    REFUSED = "refused"  # our request or our credentials are wrong
    UNAVAILABLE = "unavailable"  # may work later


class CarrierError(Exception):
    """A command the carrier did not carry out. `code` is its own code, without personal data."""

    def __init__(self, trouble: Trouble, code: str) -> None:
        super().__init__(f"{trouble}: {code}")
        self.trouble = trouble
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Makes a request repeatable: the same key is carried out once (`at`: epoch seconds)."""

    key: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the carrier reports to and streams audio to. Both hold a secret."""

    callback_url: str = field(repr=False)
    media_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Somebody to connect the caller to, and what is told with it. `address` is personal data."""

    address: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTo:
    """Where a recording is written, and where its state is reported to."""

    container_url: str
    callback_url: str = field(repr=False)


class CallControl(Protocol):
    """Commands to the telephone carrier. All raise `CarrierError`."""

    async def answer(self, offer: str, links: Links, once: Once, *, streaming: bool) -> str:
        """Answer; return the connection id. Audio streams at once, or when `start_media` says."""
        ...

    async def reject(self, offer: str, once: Once) -> None:
        """Refuse a call that rings: the caller hears that the line is busy."""
        ...

    async def redirect(self, offer: str, number: str, once: Once) -> None:
        """Have a call that rings go to an E.164 number instead."""
        ...

    async def create(self, number: str, links: Links, once: Once, *, streaming: bool) -> str:
        """Ring an E.164 number; return the connection id. `streaming` as in `answer`."""
        ...

    async def hang_up(self, connection_id: str, once: Once) -> None:
        """End the call for everyone."""
        ...

    async def transfer(self, connection_id: str, to: Invitee, context: str, once: Once) -> None:
        """Ask to connect the other side to somebody; events carry `context`."""
        ...

    async def invite(
        self, connection_id: str, to: Invitee, *, ring_s: float, context: str, once: Once
    ) -> str:
        """Ring somebody into the call; return the invitation's id. Events carry `context`."""
        ...

    async def withdraw(self, connection_id: str, invitation: str, address: str, once: Once) -> None:
        """Have nobody of this address in the call: neither ringing nor talking."""
        ...

    async def people(self, connection_id: str) -> frozenset[str]:
        """Return the addresses of all in the call, our own included."""
        ...

    async def hold(self, connection_id: str, address: str, music_url: str) -> None:
        """Let somebody hear nothing but music, and nobody hear him."""
        ...

    async def unhold(self, connection_id: str, address: str) -> None: ...

    async def leave(self, connection_id: str) -> None:
        """Leave the call to those who are in it."""
        ...

    async def start_media(self, connection_id: str) -> None:
        """Have the audio socket dialled again, whatever its state is."""
        ...

    async def play(self, connection_id: str, url: str, context: str) -> None:
        """Play a WAV file to everyone; events carry `context`."""
        ...

    async def leg(self, connection_id: str) -> LegState: ...

    async def start_recording(
        self, connection_id: str, where: RecordTo, once: Once, *, paused: bool
    ) -> str:
        """Record both sides into a container of ours; return the recording's id."""
        ...

    async def pause_recording(self, recording_id: str) -> None: ...

    async def resume_recording(self, recording_id: str) -> None: ...

    async def stop_recording(self, recording_id: str) -> None:
        """Record no more; one that is over already is stopped."""
        ...

    async def check(self) -> None:
        """Make sure that the carrier answers and knows us. Raises `CarrierError`."""
        ...

    async def aclose(self) -> None: ...


# --- the rest -------------------------------------------------------------------------------------


class RelayDoor(Protocol):
    """The one address behind which relays are, or come to life when somebody asks."""

    async def ready(self, within_s: float) -> bool:
        """Ask until one is ready, for so long. To be asked is what wakes one that sleeps."""
        ...


class Blobs(Protocol):
    """Files by name (`folder/name.ext`), written whole."""

    async def put(self, name: str, content: bytes, content_type: str) -> None: ...

    async def get(self, name: str) -> bytes | None: ...

    async def delete(self, name: str) -> None:
        """Delete a file; one that is not there is deleted already."""
        ...

    async def aclose(self) -> None: ...


class OrchestrationTrouble(Exception):
    """An orchestration could not be reached."""


class Orchestrations(Protocol):
    """The durable half of a call. All raise `OrchestrationTrouble`."""

    async def start(self, order: Mapping[str, Any]) -> None:
        """Have the orchestration of `order["call_id"]` live; "already live" is success."""
        ...

    async def begin(self, name: str, instance_id: str, order: Mapping[str, Any]) -> None:
        """Have another orchestration live or over, by name; one that exists is success."""
        ...

    async def poke(self, call_id: str) -> bool:
        """Wake it; False when there is none to wake."""
        ...
