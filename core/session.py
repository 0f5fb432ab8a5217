"""What relay and control plane say to each other: sessions, reports, heartbeats, directives.

All bodies are JSON. The relay authenticates every request with `Authorization: Bearer
RELAY_SHARED_KEY`; reports also carry `x-session-token`, given with the session, which binds them
to call and epoch.

- `POST /api/v1/calls/{call_id}/sessions` takes `OpenSession`, answers 200 `Session`; 404 unknown
  call, 409 call has ended or the socket's connection id is not this call's leg.
- `POST /api/v1/calls/{call_id}/events` takes `Report`, answers 200 `Acknowledged`; a seq that was
  taken before is acknowledged again and changes nothing; reports of an older epoch are kept as
  late. At most `MAX_REPORTS` a request.
- `POST /api/v1/relays/{relay_id}/heartbeat` takes `Heartbeat`, answers 200 `Directives`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from core.agents import RecordingRule, Scenario
from core.facts import ApprovalDecided, Direction, Fact, LogEntry, Whispered

MAX_REPORTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A relay has the audio socket of a call and wants to go on with it."""

    relay_id: str
    connection_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The caller's leg. `caller` and `called` are phone numbers or user ids: personal data."""

    connection_id: str
    direction: Direction
    caller: str
    called: str

    @property
    def person(self) -> str:
        """The number or user id that is not ours."""
        return self.called if self.direction is Direction.OUTBOUND else self.caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """All a relay needs to start a call or to go on where another relay stopped.

    `recording`: the scenario's rule, where calls may be recorded at all.
    """

    call_id: str
    epoch: int
    token: str
    scenario: Scenario
    leg: Leg
    log: tuple[LogEntry, ...] = ()
    recording: RecordingRule = RecordingRule.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One fact of a relay. `seq` counts from 1 per epoch; `at` is epoch seconds at the relay."""

    seq: int
    at: float
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A batch of facts of one epoch, in order."""

    epoch: int
    events: tuple[Reported, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Everything up to `seq` is in the log. `superseded`: another session has the call now."""

    seq: int
    superseded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    """A call that a relay has."""

    call_id: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A relay lives: where it is reached, what it has, how full it is (0.0 to 1.0)."""

    url: str
    calls: tuple[LiveCall, ...] = ()
    load: float = 0.0
    draining: bool = False
    acknowledged: tuple[str, ...] = ()


DirectiveKind = Literal[
    "end", "announce", "consult", "transfer_failed", "whisper", "approval_decided", "time_is_short"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One thing a relay must do. Repeated until `id` comes back as acknowledged.

    `end`: the call is over or belongs to another session, let go of it at once.
    `announce`: tell the caller `text`, then report `TransferAnnounced` (`ref`: the transfer).
    `consult`: the caller is on hold; tell `text` to the person who came, and report what he says.
    `transfer_failed`: nobody took the caller, why says `text`; tell him and go on.
    `whisper`: a note for the agent (`whispered`: the fact, which is in the log already).
    `time_is_short`: the call will be cut soon; say so.
    `approval_decided`: tell the caller what came of it (`ref`: the request; `decided`: the fact,
    which is in the log already).
    """

    id: str
    call_id: str
    kind: DirectiveKind
    ref: str = ""
    text: str = ""
    decided: ApprovalDecided | None = None
    whispered: Whispered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """The answer to a heartbeat."""

    directives: tuple[Directive, ...] = ()


OPEN_SESSION: TypeAdapter[OpenSession] = TypeAdapter(OpenSession)
SESSION: TypeAdapter[Session] = TypeAdapter(Session)
REPORT: TypeAdapter[Report] = TypeAdapter(Report)
ACKNOWLEDGED: TypeAdapter[Acknowledged] = TypeAdapter(Acknowledged)
HEARTBEAT: TypeAdapter[Heartbeat] = TypeAdapter(Heartbeat)
DIRECTIVES: TypeAdapter[Directives] = TypeAdapter(Directives)
SCENARIO: TypeAdapter[Scenario] = TypeAdapter(Scenario)
