"""Recordings of calls: what is heard and said while one is active, and where its file goes.

What is paused is left out, not silenced: the file is shorter. Assumed, not documented: that
pausing and stopping say `inactive`, resuming `active`; that an operation in the wrong state is
refused with 8585; that a second recording of a call is refused with 8553 (409).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import uuid
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np

from localdev.acs_simulator.audio import FRAME_MS, mix
from localdev.acs_simulator.clock import CallClock
from localdev.acs_simulator.service_errors import ServiceError, invalid_state

MAX_MS = 2 * 3600 * 1000  # a test call is shorter; memory has an end


class RecordingState(StrEnum):
    """What the service tells of a recording."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(slots=True, kw_only=True, eq=False)
class Recording:
    """One recording. `tell` is told of each change of its state."""

    call_id: str
    container_url: str
    channels: Literal["mixed", "unmixed"]
    rate: int
    clock: CallClock
    tell: Callable[[Recording], None]
    state: RecordingState = RecordingState.INACTIVE
    over: bool = False
    started: datetime | None = None
    id: str = field(
        default_factory=lambda: base64.urlsafe_b64encode(uuid.uuid4().bytes * 3).decode()
    )
    _frames: list[tuple[bytes, bytes]] = field(default_factory=list)

    def add(self, heard: bytes, said: bytes) -> None:
        """Take 20 ms of both sides, unless it is paused or over."""
        if self.state is RecordingState.ACTIVE and self.ms < MAX_MS:
            self._frames.append((heard, said))

    def change(self, state: RecordingState) -> None:
        """Pause or resume. Raises `ServiceError`."""
        if self.over or self.state is state:
            raise invalid_state(f"the recording is {'over' if self.over else self.state}.")
        self._become(state)

    def begin(self) -> None:
        """Say how it begins, also when it begins paused."""
        self.started = self.clock.wall(self.clock.now_ms())
        self.tell(self)

    def stop(self) -> None:
        """End it for good. A second time does nothing."""
        if not self.over:
            self.over = True
            self._become(RecordingState.INACTIVE)

    @property
    def ms(self) -> int:
        """How long it is: without what was paused."""
        return len(self._frames) * FRAME_MS

    @property
    def name(self) -> str:
        """Return the file's place in its container, as the service makes it."""
        day = f"{self.started or self.clock.epoch:%Y%m%d}"
        short = hashlib.sha256(self.id.encode()).hexdigest()[:8]
        return f"{day}/{self.call_id}/{short}/0-audio{self.channels}.wav"

    def wav(self) -> bytes:
        """Return the file: one channel, or two (the caller, the app) when unmixed."""
        heard = b"".join(frame for frame, _ in self._frames)
        said = b"".join(frame for _, frame in self._frames)
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(2 if self.channels == "unmixed" else 1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            if self.channels == "unmixed":
                sides = [np.frombuffer(side, "<i2") for side in (said, heard)]
                file.writeframes(np.stack(sides, axis=1).tobytes())
            else:
                file.writeframes(mix(heard, said))
        return out.getvalue()

    def _become(self, state: RecordingState) -> None:
        self.state = state
        self.tell(self)


def recording_event(recording: Recording, *, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of `RecordingStateChanged`; its `source` names the recording."""
    started = recording.started or recording.clock.epoch
    return {
        "recordingId": recording.id,
        "state": recording.state,
        "startDateTime": f"{started:%Y-%m-%dT%H:%M:%S.%f}0+00:00",
        "recordingKind": "azureCommunicationServices",
        "eventSource": event_source(recording, server_call_id=ids["serverCallId"]),
    }


def event_source(recording: Recording, *, server_call_id: str) -> str:
    """Return the `source` of a recording's callbacks."""
    return f"calling/recordings/{server_call_id}/{recording.id}/RecordingStateChanged"


def file_status(recording: Recording, *, server_call_id: str) -> tuple[str, dict[str, Any]]:
    """Return subject and data of `RecordingFileStatusUpdated`."""
    location = f"{recording.container_url.rstrip('/')}/{recording.name}"
    chunk = {
        "documentId": f"0-{recording.call_id}-{recording.id[:8]}",
        "index": 0,
        "endReason": "SessionEnded",
        "contentLocation": location,
        "metadataLocation": location.replace(".wav", "-metadata.json"),
        "deleteLocation": location,
    }
    subject = (
        f"/recording/call/{recording.call_id}/serverCallId/{server_call_id}"
        f"/recordingId/{recording.id}"
    )
    started = recording.started or recording.clock.epoch
    data = {
        "recordingStorageInfo": {"recordingChunks": [chunk]},
        "recordingStartTime": f"{started:%Y-%m-%dT%H:%M:%S.%f}0Z",
        "recordingDurationMs": recording.ms,
        "sessionEndReason": "CallEnded",
        "recordingContentType": "Audio",
        "recordingChannelType": recording.channels.capitalize(),
        "recordingFormatType": "Wav",
    }
    return subject, data


async def keep(recording: Recording, container: Path) -> None:
    """Write the file where the container would have it."""

    def write() -> None:
        path = container / recording.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(recording.wav())

    await asyncio.to_thread(write)


def duplicate() -> ServiceError:
    return ServiceError(409, "8553", "The call is being recorded already.")


def recording_not_found() -> ServiceError:
    return ServiceError(404, "8522", "Recording not found.")


def not_started() -> ServiceError:
    return ServiceError(500, "8500", "The recording could not be started.")
