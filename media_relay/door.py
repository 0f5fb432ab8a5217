"""The front door of the relay's one port: reads a request's head, asks, then answers or upgrades.

picows decides about an upgrade at once, but a token's key may have to be fetched first. So the
head is read here, the decision may wait, and only then does picows take the connection over.
"""

from __future__ import annotations

import asyncio
import http
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from picows import WSAutoPingStrategy, WSListener, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined]

from core.errors import unquoted
from core.media_wire import MAX_MESSAGE

log = logging.getLogger(__name__)

MAX_HEAD = 16 * 1024
_HEAD_S = 5.0  # a client that sends its request slower is not one of ours
_PING_S = 20.0  # front ends drop sockets that seem idle; a dead peer is found
# Bytes that may wait to be sent, here and in the kernel: such audio is not heard, and cannot be
# taken back. Left alone, both took 85 s of it for a carrier that did not read.
_HERE, _IN_KERNEL = 16 * 1024, 32 * 1024
_picows_log = logging.getLogger("picows.relay")
_picows_log.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The head of a request. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def wants_websocket(self) -> bool:
        """Whether this is an upgrade to a WebSocket."""
        return self.headers.get("upgrade", "").casefold() == "websocket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A short plain answer; the connection is closed after it."""

    status: int
    body: str = ""


Decide = Callable[[Request], Awaitable[Response | WSListener]]


class Door(asyncio.Protocol):
    """One connection until it is answered or upgraded."""

    def __init__(self, decide: Decide, tasks: set[asyncio.Task[None]]) -> None:
        self._decide = decide
        self._tasks = tasks
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deciding: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop's transport is an asyncio.Transport, but all of them behave like one.
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(_HEAD_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._deciding is not None:
            # A client that talks before it was answered waits; a flood does not.
            if len(self._head) > 2 * MAX_HEAD and self._transport:
                self._transport.abort()
            return
        end = self._head.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEAD:
            if len(self._head) > MAX_HEAD:
                self._answer(Response(status=431))
            return
        request = _parse(bytes(self._head[:end]))
        if request is None:
            self._answer(Response(status=400))
            return
        self._deciding = asyncio.create_task(self._open(request))
        self._tasks.add(self._deciding)
        self._deciding.add_done_callback(self._decided)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._deciding is not None:
            self._deciding.cancel()

    async def _open(self, request: Request) -> None:
        if self._timer is not None:
            self._timer.cancel()
        answer: Response | WSListener = Response(status=500)
        try:
            answer = await self._decide(request)
        finally:  # whatever broke, nobody is left waiting
            if isinstance(answer, Response):
                self._answer(answer)
        if not isinstance(answer, Response) and self._transport is not None:
            self._upgrade(self._transport, answer)

    def _decided(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # An edge: nobody awaits these tasks.
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            log.error("a request broke", exc_info=unquoted(error))

    def _answer(self, response: Response) -> None:
        if self._transport is None:
            return
        body = response.body.encode()
        phrase = http.HTTPStatus(response.status).phrase
        self._transport.write(
            f"HTTP/1.1 {response.status} {phrase}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        self._transport.close()

    def _upgrade(self, transport: asyncio.Transport, listener: WSListener) -> None:
        """Let picows read the head again, as if it had been there from the start."""
        transport.set_write_buffer_limits(high=_HERE)
        line = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _IN_KERNEL)

        def accept(_: WSUpgradeRequest) -> WSListener:
            return listener

        protocol = WSProtocol(
            None, None, False, accept, _picows_log, True, _HEAD_S,
            True, _PING_S, _PING_S, WSAutoPingStrategy.PING_PERIODICALLY,
            True, MAX_MESSAGE, None, MAX_MESSAGE,
        )  # fmt: skip
        data = bytes(self._head)
        self._deciding = None
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        while data and not transport.is_closing():
            room = protocol.get_buffer(-1)
            size = min(len(room), len(data))
            room[:size] = data[:size]
            protocol.buffer_updated(size)
            data = data[size:]


def _parse(head: bytes) -> Request | None:
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        return None
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip() or name.casefold() in headers:
            return None
        headers[name.casefold()] = value.strip()
    return Request(method=parts[0], path=parts[1], headers=headers)
