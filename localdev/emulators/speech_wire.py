"""The wire format of the Speech service: named messages with headers, as text or binary frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

TICKS_PER_MS = 10_000


class Malformed(ValueError):
    """A frame that is no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a client. `request_id` tells its turn; `speech.config` has none."""

    path: str
    request_id: str
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body, a JSON object. Raises Malformed."""
        try:
            parsed = json.loads(self.body or b"{}")
        except ValueError as error:
            raise Malformed("not JSON") from error
        if not isinstance(parsed, dict):
            raise Malformed("not a JSON object")
        return parsed


def read_text(frame: str) -> Message:
    """Read `Name:Value` lines, an empty line, a body. Raises Malformed."""
    head, separator, body = frame.partition("\r\n\r\n")
    if not separator:
        raise Malformed("no empty line after the headers")
    return _message(head, body.encode())


def read_binary(frame: bytes) -> Message:
    """Read 2 bytes of header length (big endian), the headers, a body. Raises Malformed."""
    length = int.from_bytes(frame[:2], "big")
    if len(frame) < 2 + length:
        raise Malformed("shorter than its headers")
    return _message(frame[2 : 2 + length].decode(errors="replace"), frame[2 + length :])


def _message(head: str, body: bytes) -> Message:
    pairs = (line.partition(":") for line in head.split("\r\n") if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "path" not in headers:
        raise Malformed("no path")
    return Message(path=headers["path"], request_id=headers.get("x-requestid", ""), body=body)


def text_frame(path: str, request_id: str, body: str) -> str:
    """Return a message of the service, whose body says that it is JSON."""
    content = "Content-Type:application/json; charset=utf-8"
    return f"X-RequestId:{request_id}\r\n{content}\r\nPath:{path}\r\n\r\n{body}"


def audio_frame(request_id: str, stream_id: str, pcm: bytes) -> bytes:
    """Return synthesized audio; an empty one ends it."""
    lines = (f"X-RequestId:{request_id}", f"X-StreamId:{stream_id}", "Path:audio")
    head = "".join(f"{line}\r\n" for line in lines).encode()
    return len(head).to_bytes(2, "big") + head + pcm
