"""What we know of a call because we did it, looked, or watched the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A phone rings (inbound), or is about to be rung (outbound). Always entry 1 of a log.

    `limits`: what bounds this call, by the names of `core.call.Limits`, so that everybody who folds
    the log comes to the same; what is not there is as usual.
    """

    direction: Direction
    limits: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["offered"] = "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """There was no room for this call. `message`: it is answered, to say so."""

    how: Literal["busy", "redirect", "message"]
    kind: Literal["turned_away"] = "turned_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """We asked to answer (or to be connected) and the carrier took it."""

    connection_id: str
    streaming: bool = True
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRefused:
    """The carrier would not let us answer or call: too late, not ours any more, not allowed."""

    reason: str
    kind: Literal["answer_refused"] = "answer_refused"


CommandOutcome = Literal["ok", "gone", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDone:
    """What came of one command of `core.call.step`. `gone`: the call was over already."""

    command_id: str
    command: str
    outcome: CommandOutcome
    code: str = ""
    kind: Literal["command_done"] = "command_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStepped:
    """What came of one step of a transfer. `ref`: what the carrier calls an invitation."""

    request_id: str
    step: str
    outcome: CommandOutcome = "ok"
    code: str = ""
    ref: str = ""
    kind: Literal["transfer_stepped"] = "transfer_stepped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """The carrier records, or will with the next resume (`paused`)."""

    recording_id: str
    paused: bool = False
    kind: Literal["recording_started"] = "recording_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingKept:
    """A file of the recording is in the blobs under `name`; none if it lies elsewhere."""

    name: str
    index: int = 0
    ms: int = 0
    reason: str = ""
    kind: Literal["recording_kept"] = "recording_kept"


class LegState(StrEnum):
    """What the carrier says of a leg when asked."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """We asked the carrier how the leg is, because an event may have been lost.

    `attended`: a relay that is said to have the call has shown itself lately.
    """

    state: LegState
    attended: bool = True
    kind: Literal["reconciled"] = "reconciled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLost:
    """The relay of `epoch` has not been heard of for too long. Found by the monitor."""

    epoch: int
    kind: Literal["relay_lost"] = "relay_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A deadline of the call has passed. `due` (epoch seconds) tells it from its namesakes."""

    deadline: str
    due: float
    kind: Literal["overdue"] = "overdue"


OwnFact = (
    Offered
    | TurnedAway
    | Answered
    | AnswerRefused
    | CommandDone
    | TransferStepped
    | RecordingStarted
    | RecordingKept
    | Reconciled
    | RelayLost
    | Overdue
)
