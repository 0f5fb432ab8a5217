"""The JSON text frames of ACS media streaming, both ways.

In: `AudioMetadata`, `AudioData`, `DtmfData` and kinds of later versions; field names are read
whatever their case, older names too. Out: the documented spelling. `kind` alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import orjson
import pybase64

MAX_MESSAGE = 16 * 1024  # bytes; a 20 ms frame at 24 kHz is 1.4 KB
STOP_AUDIO = b'{"Kind":"StopAudio","AudioData":null,"StopAudio":{}}'
_AUDIO_HEAD = b'{"Kind":"AudioData","AudioData":{"Data":"'
_AUDIO_TAIL = b'"},"StopAudio":null}'
_ODD = "audio is not 16 bit"
_KEYS = frozenset("0123456789*#ABCD")


class AudioData(
    msgspec.Struct, gc=False, rename={"pcm": "data", "participant": "participantRawID"}
):
    """20 ms of the caller: PCM16, as the carrier sent it. Read straight from its frame."""

    pcm: bytes
    timestamp: Annotated[str, msgspec.Meta(max_length=64)] = ""
    silent: bool = False
    participant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMetadata:
    """What the carrier's audio is: the first frame of every socket."""

    sample_rate: int
    channels: int = 1
    encoding: str = "PCM"


@dataclass(frozen=True, slots=True, kw_only=True)
class DtmfData:
    """One key of the caller's telephone."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownKind:
    """A frame of a kind this version has no use for."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Not a media frame. `reason` quotes nothing of it."""

    reason: str


MediaFrame = AudioData | AudioMetadata | DtmfData | UnknownKind | Garbage


class _AudioFrame(msgspec.Struct, gc=False, rename="camel"):
    """The frame that comes 50 times a second, in its documented spelling."""

    kind: Literal["AudioData"]
    audio_data: AudioData


_audio_frame = msgspec.json.Decoder(_AudioFrame).decode


def encode_audio(pcm: bytes) -> bytes:
    """Return one outbound audio frame."""
    return _AUDIO_HEAD + pybase64.b64encode(pcm) + _AUDIO_TAIL


def parse(message: bytes | memoryview) -> MediaFrame:
    """Read one inbound frame. Never raises."""
    if len(message) > MAX_MESSAGE:
        return Garbage(reason="too large")
    try:
        audio = _audio_frame(message).audio_data
    except msgspec.MsgspecError:
        return _in_any_spelling(message)
    return Garbage(reason=_ODD) if len(audio.pcm) % 2 else audio


def _in_any_spelling(message: bytes | memoryview) -> MediaFrame:
    try:
        frame = orjson.loads(message)
    except orjson.JSONDecodeError:
        return Garbage(reason="not JSON")
    if not isinstance(frame, dict):
        return Garbage(reason="not an object")
    return _of_kind(_folded(frame))


def _folded(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).casefold(): item for key, item in value.items()}


def _of_kind(frame: Mapping[str, Any]) -> MediaFrame:
    kind = str(frame.get("kind", ""))[:64]
    body = frame.get(kind.casefold())
    known = kind.casefold() in ("audiodata", "audiometadata", "dtmfdata")
    if not known:
        return UnknownKind(kind=kind) if kind else Garbage(reason="no kind")
    if not isinstance(body, dict):
        return Garbage(reason=f"{kind} without its body")
    fields = _folded(body)
    match kind.casefold():
        case "audiodata":
            return _audio(fields)
        case "audiometadata":
            return _metadata(fields)
        case _:
            return _dtmf(fields)


def _audio(fields: Mapping[str, Any]) -> AudioData | Garbage:
    try:
        pcm = pybase64.b64decode(fields.get("data", ""), validate=True)
    except (ValueError, TypeError):
        return Garbage(reason="audio is not base64")
    timestamp = fields.get("timestamp")
    participant = fields.get("participantrawid", fields.get("participantid"))
    audio = AudioData(
        pcm,
        timestamp if isinstance(timestamp, str) and len(timestamp) <= 64 else "",
        fields.get("silent", fields.get("issilence")) is True,
        None if participant is None else str(participant),
    )
    return Garbage(reason=_ODD) if len(pcm) % 2 else audio


def _metadata(fields: Mapping[str, Any]) -> AudioMetadata | Garbage:
    rate, channels = fields.get("samplerate"), fields.get("channels", 1)
    if not isinstance(rate, int) or not isinstance(channels, int):
        return Garbage(reason="metadata without a rate")
    return AudioMetadata(
        sample_rate=rate, channels=channels, encoding=str(fields.get("encoding", "PCM"))[:16]
    )


def _dtmf(fields: Mapping[str, Any]) -> DtmfData | Garbage:
    key = str(fields.get("data", "")).upper()
    return DtmfData(key=key) if key in _KEYS else Garbage(reason="not a key")
