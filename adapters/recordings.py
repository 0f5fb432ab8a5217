"""Whose recording is whose: Event Grid names a recording long after its call, and names no call."""

from __future__ import annotations

import hashlib
import json

from core.control_ports import Blobs


def index_of(recording_id: str) -> str:
    """Name the file that says which call a recording is of."""
    return f"recordings/by-id/{hashlib.sha256(recording_id.encode()).hexdigest()}.json"


def file_of(call_id: str) -> bytes:
    """Return what that file holds."""
    return json.dumps({"call_id": call_id}).encode()


async def call_of(recording_id: str, blobs: Blobs) -> str:
    """Return the call that a recording is of; nothing for a recording that is not ours."""
    content = await blobs.get(index_of(recording_id))
    return str(json.loads(content)["call_id"]) if content else ""
