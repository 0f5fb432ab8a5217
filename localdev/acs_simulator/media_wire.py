"""The JSON of the media socket, both ways.

Inbound in the service's own spelling. Outbound in any of the three spellings clients use: keys
and kinds match whatever their case, and `kind` alone decides (the JavaScript SDK sends a non-null
empty `stopAudio` with its audio).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pybase64

MAX_MESSAGE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReceived:
    """Audio for the caller."""

    pcm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReceived:
    """The caller is to hear no more of what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """A message that means nothing; a real service ignores it."""

    why: str


Outbound = AudioReceived | StopReceived | NotUnderstood


def audio_metadata(*, subscription_id: str, rate: int, frame_bytes: int) -> bytes:
    """Return the first message of a connection."""
    metadata = {
        "subscriptionId": subscription_id,
        "encoding": "PCM",
        "sampleRate": rate,
        "channels": 1,
        "length": frame_bytes,
    }
    return orjson.dumps({"kind": "AudioMetadata", "audioMetadata": metadata})


def audio_data(*, timestamp: str, pcm: bytes, silent: bool, participant: str | None) -> bytes:
    """Return one frame of the caller. `participant` is named in unmixed streams."""
    who = f'"participantRawID":"{participant}",' if participant else ""
    return (
        f'{{"kind":"AudioData","audioData":{{"timestamp":"{timestamp}",{who}"data":"'.encode()
        + pybase64.b64encode(pcm)
        + (b'","silent":true}}' if silent else b'","silent":false}}')
    )


def dtmf_data(digit: str) -> bytes:
    """Return one key."""
    return orjson.dumps({"kind": "DtmfData", "dtmfData": {"data": digit}})


def parse_outbound(message: bytes) -> Outbound:
    """Return what the app wants."""
    try:
        fields = _lowered(orjson.loads(message))
        match str(fields.get("kind", "")).lower():
            case "audiodata":
                return _audio(_lowered(fields.get("audiodata")))
            case "stopaudio":
                return StopReceived()
            case _:
                return NotUnderstood(why="unknown kind")
    except ValueError as error:
        return NotUnderstood(why=f"malformed: {type(error).__name__}")


def _audio(fields: Mapping[str, Any]) -> Outbound:
    data = fields.get("data")
    if not isinstance(data, str):
        return NotUnderstood(why="no audio in it")
    pcm = pybase64.b64decode(data, validate=True)
    if len(pcm) % 2:
        return NotUnderstood(why="half a sample")
    return AudioReceived(pcm=pcm)


def _lowered(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- one kind of malformed
    return {str(key).lower(): item for key, item in value.items()}
