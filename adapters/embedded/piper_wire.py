"""How this process and the one that runs Piper talk: length, kind, request, payload."""

from __future__ import annotations

import struct
from enum import IntEnum

# Little endian: bytes of payload, kind, request id.
HEADER = struct.Struct("<IBI")
MAX_PAYLOAD = 1 << 20


class Kind(IntEnum):
    """What a message says. The first two go to the child, the others come back."""

    SPEAK = 1
    CANCEL = 2
    READY = 3
    AUDIO = 4
    END = 5
    FAILED = 6


def message(kind: Kind, request: int, payload: bytes = b"") -> bytes:
    """Return a message as it goes through the pipe."""
    return HEADER.pack(len(payload), kind, request) + payload


def read_header(header: bytes) -> tuple[int, Kind, int]:
    """Return payload length, kind and request id. Raises ValueError for what cannot be ours."""
    length, kind, request = HEADER.unpack(header)
    if length > MAX_PAYLOAD:
        raise ValueError("message too long")
    return length, Kind(kind), request
