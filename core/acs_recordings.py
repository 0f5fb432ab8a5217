"""The Event Grid event that says where the files of a recording are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from core.acs_events import PREFIX, Garbled

FILE_STATUS = PREFIX + "RecordingFileStatusUpdated"
MAX_CHUNKS = 200
MAX_URL = 2048
_ID = re.compile(r"/recordingId/(?P<id>[^/]{1,2048})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedChunk:
    """One file. `location`: a URL that nobody fetches."""

    id: str
    index: int
    location: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFiles:
    """The files of one recording, `ms` long together."""

    recording_id: str
    chunks: tuple[RecordedChunk, ...]
    ms: int


def parse_recorded_files(subject: str, data: object) -> RecordedFiles:
    """Read subject and `data` of the event. Raises `Garbled`."""
    named = _ID.search(subject)
    if named is None or not isinstance(data, Mapping):
        raise Garbled("the event names no recording")
    storage = data.get("recordingStorageInfo")
    chunks = storage.get("recordingChunks") if isinstance(storage, Mapping) else None
    if not isinstance(chunks, list) or len(chunks) > MAX_CHUNKS:
        raise Garbled(f"expected at most {MAX_CHUNKS} chunks")
    ms = data.get("recordingDurationMs")
    return RecordedFiles(
        recording_id=named["id"],
        chunks=tuple(_chunk(chunk) for chunk in chunks),
        ms=ms if isinstance(ms, int) and ms >= 0 else 0,
    )


def blob_name(location: str, container_url: str) -> str:
    """Return the name of a file in our container; nothing if it lies elsewhere."""
    at, ours = urlsplit(location), urlsplit(container_url)
    same = (at.scheme, at.netloc) == (ours.scheme, ours.netloc)
    name = at.path.removeprefix(ours.path.rstrip("/") + "/")
    inside = same and name != at.path and ".." not in unquote(name).split("/")
    return unquote(name) if inside else ""


def _chunk(chunk: object) -> RecordedChunk:
    if not isinstance(chunk, Mapping):
        raise Garbled("a chunk must be an object")
    index = chunk.get("index")
    return RecordedChunk(
        id=_text(chunk, "documentId"),
        index=index if isinstance(index, int) else 0,
        location=_text(chunk, "contentLocation"),
        reason=re.sub(r"[^A-Za-z]", "", str(chunk.get("endReason", "")))[:40],
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URL:
        raise Garbled(f"`{name}` must be a text of at most {MAX_URL} characters")
    return value
