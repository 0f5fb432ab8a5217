"""Files over HTTP of which a worker never holds more than a piece: ranges of bytes (RFC 9110, 14).

The whole body of an answer passes through the memory of worker and host, so a long file is given
in pieces, which a client puts together: curl, browsers and players know how.
"""

from __future__ import annotations

import re

from api.http import Problem, Reply
from core.control_ports import Piece

MOST = 16 * 1024 * 1024  # bytes; the carrier's WAV has 2 MB a minute
WAV = "audio/wav"
# One range that says where it begins; all else may be taken for no range at all.
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


def piece_wanted(header: str) -> tuple[int, int] | None:
    """Return the first byte of a `Range` and how many may be given; None: the whole is wanted."""
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first = int(found[1])
    last = int(found[2]) if found[2] else first + MOST - 1
    return (first, min(last - first + 1, MOST)) if last >= first else None


def whole(piece: Piece) -> Reply:
    """Return a file from its beginning. Raises Problem 400 if that is not all of it."""
    if len(piece.content) < piece.size:
        raise Problem(
            400,
            f"the recording has {piece.size} bytes, and at most {MOST} are given at once: ask for "
            "them with the header Range: bytes=FIRST-, the next FIRST being one more than the last "
            "byte in Content-Range",
        )
    return Reply(body=piece.content, content_type=WAV, headers={"Accept-Ranges": "bytes"})


def piece_given(piece: Piece, first: int) -> Reply:
    """Return a piece that begins at `first`. Raises Problem 416 if there is nothing."""
    if not piece.content:
        raise Problem(416, f"the recording has {piece.size} bytes")
    last = first + len(piece.content) - 1
    headers = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {first}-{last}/{piece.size}"}
    return Reply(status=206, body=piece.content, content_type=WAV, headers=headers)
