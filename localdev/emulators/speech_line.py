"""One socket of the emulated Speech service: what came over it, and what goes wrong with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from localdev.emulators.speech_wire import audio_frame, text_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The upgrade to a socket is refused with this HTTP status."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The connection breaks after so much audio, in either direction."""

    after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The service closes the socket with a code after so much audio."""

    code: int
    after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The service answers audio once with a phrase of this status, like `TooManyRequests`."""

    status: str
    after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """The service takes all and answers nothing, after so much audio in either direction.

    Without `connected` it does not even answer the upgrade.
    """

    connected: bool = True
    after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTurn:
    """The service ends the turn in the middle, as it does every ten minutes; no fault at all."""

    after_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """The service closes a connection over which nothing came for so long."""

    after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Babble:
    """The service sends a message that nobody expects, once, after so much audio."""

    path: str
    body: str = ""
    after_ms: int = 0


type Fault = Refuse | Drop | Close | Answer | Hang | EndTurn | Forget | Babble


@dataclass(slots=True, kw_only=True)
class Turn:
    """What a client sent in one turn: caller's audio, or SSML or pieces of text to speak."""

    context: Mapping[str, Any]
    audio: bytearray = field(default_factory=bytearray)
    commits: int = 0
    ssml: str = ""
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Seen:
    """One connection as it came. `closed` is set when it is gone."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class Line:
    """One socket with its fault. Once it hangs or is broken, nothing goes out."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        self._request = request
        self._socket = socket
        self._hangs = isinstance(fault, Hang) and not fault.after_ms
        self.fault = fault

    async def send(self, path: str, request_id: str, body: Mapping[str, Any]) -> None:
        await self.send_raw(path, request_id, json.dumps(body))

    async def send_raw(self, path: str, request_id: str, body: str) -> None:
        if not self._hangs:
            await self._socket.send_str(text_frame(path, request_id, body))

    async def send_audio(self, request_id: str, pcm: bytes) -> None:
        if not self._hangs:
            await self._socket.send_bytes(audio_frame(request_id, "S1", pcm))

    async def disturb(self, request_id: str, ms: float) -> None:
        """Do what its fault says after so much audio."""
        match self.fault:
            case Hang(after_ms=after_ms) if ms >= after_ms:
                self._hangs = True
            case Babble(path=path, body=body, after_ms=after_ms) if ms >= after_ms:
                self.fault = None
                await self.send_raw(path, request_id, body)
            case Drop(after_ms=after_ms) if ms >= after_ms:
                if self._request.transport is not None:
                    self._request.transport.abort()
                raise ConnectionResetError
            case Close(code=code, after_ms=after_ms) if ms >= after_ms:
                await self._socket.close(code=code)
                raise ConnectionResetError
