"""What can happen to a call itself: at the carrier, at the relay, by people, by us and by time.

These facts decide about the call and wake its orchestration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


# --- life: telephony ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A phone rings (inbound), or is about to be rung (outbound). Always entry 1 of a log."""

    direction: Direction
    kind: Literal["offered"] = "offered"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """There was no room for this call. `message`: it is answered, to say so."""

    how: Literal["busy", "redirect", "message"]
    kind: Literal["turned_away"] = "turned_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Both ends can hear each other."""

    connection_id: str
    kind: Literal["connected"] = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectFailed:
    """The leg never came up."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["connect_failed"] = "connect_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The leg is over."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["disconnected"] = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantsChanged:
    """How many are in the call now, ourselves included."""

    count: int
    kind: Literal["participants_changed"] = "participants_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStarted:
    """The carrier says that audio streams."""

    kind: Literal["media_started"] = "media_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStopped:
    """The carrier says that audio has stopped streaming."""

    kind: Literal["media_stopped"] = "media_stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed:
    """The carrier could not reach a relay, or lost it."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["media_failed"] = "media_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted:
    """Somebody took the caller. `request_id` names the request."""

    request_id: str = ""
    kind: Literal["transfer_accepted"] = "transfer_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """Nobody took the caller, who is still with us."""

    request_id: str = ""
    code: int = 0
    sub_code: int = 0
    kind: Literal["transfer_failed"] = "transfer_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonJoined:
    """Somebody whom we invited into the call is in it. `request_id` names the transfer."""

    request_id: str = ""
    kind: Literal["person_joined"] = "person_joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRefused:
    """Somebody whom we invited into the call did not come."""

    request_id: str = ""
    code: int = 0
    sub_code: int = 0
    kind: Literal["person_refused"] = "person_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlayed:
    """A prompt file was played to its end, or could not be."""

    ok: bool
    context: str = ""
    kind: Literal["prompt_played"] = "prompt_played"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The carrier's own recognition came to an end. What was said or pressed is not kept.

    Ours is the relay's: this is somebody's recognition that was started beside us.
    """

    ok: bool
    context: str = ""
    kind: Literal["recognised"] = "recognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneHeard:
    """The carrier's continuous recognition heard a key. Which one is not kept: it may be secret."""

    sequence: int
    kind: Literal["tone_heard"] = "tone_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """The carrier said something that changes nothing. `known`: we know what it means."""

    type: str
    known: bool = False
    kind: Literal["other_event"] = "other_event"


# --- life: the relay, people, our own commands and time -------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A relay has the caller's audio and goes on with the call as number `epoch`."""

    epoch: int
    relay_id: str
    kind: Literal["session_opened"] = "session_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDetached:
    """The relay of `epoch` lost the audio socket, or gave it up (`reason`).

    `handed_on`: it drains, and the call is to go on at another relay at once.
    """

    epoch: int
    reason: str = ""
    handed_on: bool = False
    kind: Literal["media_detached"] = "media_detached"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLost:
    """The relay of `epoch` has not been heard of for too long. Found by the monitor."""

    epoch: int
    kind: Literal["relay_lost"] = "relay_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """The caller is talking to another agent now. A report, never refused."""

    from_agent: str
    to_agent: str
    turn: int = 0
    reason: str = ""
    share_context: bool = True
    kind: Literal["handed_off"] = "handed_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested:
    """Somebody promised to connect the caller to `target`, a name from configuration.

    `address`: where a supervisor is who takes over himself; personal data, else empty.
    """

    request_id: str
    target: str
    summary: str = ""
    by: Literal["agent", "supervisor"] = "agent"
    address: str = ""
    kind: Literal["transfer_requested"] = "transfer_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpRequested:
    """Somebody on our side wants the call to end: the agent, silence, a person by REST."""

    by: Literal["agent", "silence", "api", "fault", "relay", "caller", "machine"]
    reason: str = ""
    kind: Literal["hang_up_requested"] = "hang_up_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A tool asked a person before it does something; `details` (JSON) are all it will act on.

    `request_id` is the same when the same tool call runs again after a crash.
    """

    request_id: str
    tool: str = ""
    agent: str = ""
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["approval_requested"] = "approval_requested"


ApprovalDecision = Literal["approved", "denied", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """A person decided, or nobody did in time. What was approved has been done: `ok`, `text`."""

    request_id: str
    decision: ApprovalDecision
    ok: bool = True
    subject: str = ""
    by: str = ""
    reason: str = ""
    text: str = ""
    kind: Literal["approval_decided"] = "approval_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequested:
    """An agent promised to call the caller back, `at` epoch seconds."""

    request_id: str
    at: float = 0.0
    agent: str = ""
    topic: str = ""
    kind: Literal["callback_requested"] = "callback_requested"


CommandOutcome = Literal["ok", "gone", "failed"]


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
class TransferAnnounced:
    """The caller was told, in words that the control plane gave, that he is transferred."""

    request_id: str
    kind: Literal["transfer_announced"] = "transfer_announced"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered:
    """A person who was told what the caller wants takes him, or does not."""

    request_id: str
    taken: bool
    kind: Literal["consult_answered"] = "consult_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whispered:
    """A supervisor told the agent something that the caller must not hear."""

    id: str
    text: str = ""
    by: str = ""
    kind: Literal["whispered"] = "whispered"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDone:
    """What came of one command of `core.call.step`. `gone`: the call was over already."""

    command_id: str
    command: str
    outcome: CommandOutcome
    code: str = ""
    kind: Literal["command_done"] = "command_done"


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
class Overdue:
    """A deadline of the call has passed. `due` (epoch seconds) tells it from its namesakes."""

    deadline: str
    due: float
    kind: Literal["overdue"] = "overdue"
