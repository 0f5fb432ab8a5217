"""What is known of a call at one moment, and what bounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from pydantic import TypeAdapter

from core.facts import Direction
from core.result_codes import Cause


class Phase(StrEnum):
    """Where a call is. ENDED is terminal: late facts are kept and change nothing."""

    OFFERED = "offered"
    ANSWERED = "answered"
    TALKING = "talking"
    TRANSFERRING = "transferring"
    ENDING = "ending"
    ENDED = "ended"


class Media(StrEnum):
    """Whether a relay has the caller's audio."""

    NONE = "none"
    ASLEEP = "asleep"  # answered without audio: a relay must be woken first
    AWAKE = "awake"  # it was woken, and is dialled as soon as both ends hear each other
    ATTACHED = "attached"
    LOST = "lost"


class Recording(StrEnum):
    """How the recording of a call is, as far as we have ordered it."""

    OFF = "off"
    ON = "on"
    PAUSED = "paused"
    OVER = "over"
    FAILED = "failed"


class Deadline(StrEnum):
    """What may take too long."""

    CONNECT = "connect"  # neither answered nor connected
    ATTACH = "attach"  # connected, but no relay has the audio
    WAKE = "wake"  # no relay has come to life
    RECONCILE = "reconcile"  # an end may have been lost
    TRANSFER = "transfer"  # nobody took or refused the caller
    WATCH = "watch"  # nothing was heard of the call for a while; is it still there?
    WARNING = "warning"  # the end of a long call is near
    DURATION = "duration"  # a call is bounded


class Outcome(StrEnum):
    """How a call ended, for its record."""

    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    REFUSED = "refused"  # there was no room


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and counts that bound a call; settings with these defaults and reasons."""

    connect_s: float = 15.0  # ACS answers or fails within this
    refused_s: float = 5.0  # a refusal may be the echo of an answer that was taken
    settle_s: float = 5.0  # a call that was answered is up within a second, if its event came
    ring_s: float = 60.0  # how long a phone may ring, whoever rings
    attach_s: float = 5.0  # a warm relay needs milliseconds; the socket may be dialled late
    wake_s: float = 20.0  # a container from nothing takes 5 to 15 s; nobody holds the line longer
    detach_grace_s: float = 1.5  # the end's own event usually comes within a second
    unattended_s: float = 6.0  # a relay that has a call shows itself every few seconds
    prompt_s: float = 12.0  # our longest prompt takes 6 s, and may have to wait for another one
    hang_up_grace_s: float = 5.0
    watch_s: float = 120.0  # finds an end that nobody told us of; each look costs some history
    transfer_s: float = 90.0  # a transfer has a limit of its own; this is if it is lost
    duration_s: float = 3600.0
    warning_s: float = 60.0  # before that end: time to come to a close; 0: no warning
    facts: int = 2_000  # life facts; a call of many hours has some hundreds
    redial_s: float = 1.5  # between two attempts to reach a relay
    speechless_s: float = 12.0  # how long a caller waits for a relay before he is told the truth

    def with_those_of(self, call: Mapping[str, float]) -> Limits:
        """Return a call's own limits, by name; a name that this code has not is left out."""
        known = {each.name for each in fields(self)}
        own = {name: value for name, value in call.items() if name in known}
        return replace(self, **own)  # type: ignore[arg-type]  # `facts` compares like any number


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState:
    """All that matters of a call's facts so far. `deadlines` and times are epoch seconds.

    `cause`: why the leg ended, as the carrier has it.
    `transfer_id`: the transfer under way; `given_up`: the last one that nobody took in time.
    `stops`: how often the recording was to be stopped, but would not.
    `speechless_since`: the caller waits for a relay, or waited for the present one, since then.
    """

    call_id: str
    direction: Direction = Direction.INBOUND
    limits: Limits = Limits()
    phase: Phase = Phase.OFFERED
    media: Media = Media.NONE
    epoch: int = 0
    connection_id: str = ""
    agent: str = ""
    attached_at: float = 0.0
    speechless_since: float | None = None
    redials: int = 0
    transfer_id: str = ""
    given_up: str = ""
    accepted: bool = False
    refused: bool = False
    turned_away: bool = False
    recording: Recording = Recording.OFF
    stops: int = 0
    secret_awaited: bool = False
    ended_by: str = ""
    outcome: Outcome | None = None
    cause: Cause | None = None
    reconciled: bool = False
    archived: bool = False
    unknown_events: int = 0
    deadlines: dict[Deadline, float] = field(default_factory=dict)
    cursor: int = 0

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do for this call."""
        return self.phase is Phase.ENDED and self.archived

    def next_deadline(self) -> tuple[Deadline, float] | None:
        """Return the deadline that passes first."""
        return min(self.deadlines.items(), key=lambda item: item[1], default=None)


CALL_STATE: TypeAdapter[CallState] = TypeAdapter(CallState)
