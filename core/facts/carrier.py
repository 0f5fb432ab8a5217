"""What the carrier tells of a call: its leg, its audio, and those who are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
class RecordingChanged:
    """The carrier says how the recording is. `inactive`: paused or over; `failed`: it never was."""

    state: Literal["active", "inactive", "failed"]
    kind: Literal["recording_changed"] = "recording_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """The carrier said something that changes nothing. `known`: we know what it means."""

    type: str
    known: bool = False
    kind: Literal["other_event"] = "other_event"


CarrierFact = (
    Connected
    | ConnectFailed
    | Disconnected
    | ParticipantsChanged
    | MediaStarted
    | MediaStopped
    | MediaFailed
    | TransferAccepted
    | TransferFailed
    | PersonJoined
    | PersonRefused
    | PromptPlayed
    | Recognised
    | ToneHeard
    | RecordingChanged
    | OtherEvent
)
