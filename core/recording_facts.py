"""What can happen to the recording of a call: at the caller, at the carrier and at its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConsentDecision = Literal["given", "refused", "unclear", "announced", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided:
    """What the caller said to being recorded; `announced`: was told of it and talked on."""

    decision: ConsentDecision
    turn: int = 0
    kind: Literal["consent_decided"] = "consent_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAwaited:
    """The caller is about to say or press a secret; or no longer (`awaited` false)."""

    awaited: bool
    kind: Literal["secret_awaited"] = "secret_awaited"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """The carrier records, or will with the next resume (`paused`)."""

    recording_id: str
    paused: bool = False
    kind: Literal["recording_started"] = "recording_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged:
    """The carrier says how the recording is. `inactive`: paused or over; `failed`: it never was."""

    state: Literal["active", "inactive", "failed"]
    kind: Literal["recording_changed"] = "recording_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingKept:
    """A file of the recording is in the blobs under `name`; none if it lies elsewhere."""

    name: str
    index: int = 0
    ms: int = 0
    reason: str = ""
    kind: Literal["recording_kept"] = "recording_kept"
