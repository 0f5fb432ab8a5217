"""What the orchestration of a call must have done, in the imperative; each has a stable id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator, TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMedia:
    """Have the carrier dial the relay again (stop first: "already active" is a state)."""

    id: str
    name: Literal["start_media"] = "start_media"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """Have a relay come to life, and wait for it, for a moment only."""

    id: str
    name: Literal["wake"] = "wake"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call for everyone."""

    id: str
    name: Literal["hang_up"] = "hang_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Have the caller connected to a named target, by an orchestration of its own."""

    id: str
    target: str
    request_id: str
    name: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Ask the carrier how the leg is; the answer is appended as `Reconciled`."""

    id: str
    name: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassure:
    """Play a short prompt, so that a caller without a relay knows he is not forgotten."""

    id: str
    name: Literal["reassure"] = "reassure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apologise:
    """Play the apology prompt: no relay can speak. Its end is `PromptPlayed`."""

    id: str
    name: Literal["apologise"] = "apologise"


@dataclass(frozen=True, slots=True, kw_only=True)
class SayBusy:
    """Play the prompt that there is no room. Its end is `PromptPlayed`."""

    id: str
    name: Literal["say_busy"] = "say_busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TellRelay:
    """Leave a directive for the relay that has the call; it comes with its next heartbeat."""

    id: str
    directive: Literal["transfer_failed", "approval_decided", "whisper", "time_is_short"]
    ref: str
    name: Literal["tell_relay"] = "tell_relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPromise:
    """Begin what may outlive the call, in an orchestration of its own."""

    id: str
    promise: Literal["approval", "callback"]
    request_id: str
    name: Literal["start_promise"] = "start_promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class WakePromise:
    """Have something that lives beside the call look again."""

    id: str
    promise: Literal["transfer"]
    request_id: str
    name: Literal["wake_promise"] = "wake_promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecording:
    """Record the call, from now on or from the next resume (`paused`)."""

    id: str
    paused: bool = False
    name: Literal["start_recording"] = "start_recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecording:
    """Leave out what comes now."""

    id: str
    name: Literal["pause_recording"] = "pause_recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecording:
    """Record again."""

    id: str
    name: Literal["resume_recording"] = "resume_recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecording:
    """Record no more. Its file comes later."""

    id: str
    name: Literal["stop_recording"] = "stop_recording"


RecordingCommand = StartRecording | PauseRecording | ResumeRecording | StopRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Write the call's record and transcript. The last command of every call."""

    id: str
    name: Literal["archive"] = "archive"


Command = (
    StartMedia
    | Wake
    | HangUp
    | Transfer
    | Reconcile
    | Reassure
    | Apologise
    | SayBusy
    | TellRelay
    | StartPromise
    | WakePromise
    | RecordingCommand
    | Archive
)
COMMAND: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Discriminator("name")])
