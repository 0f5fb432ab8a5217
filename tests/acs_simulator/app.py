"""An app as ACS sees it: an Event Grid webhook, a callback address, a media socket, a prompt."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.acs_simulator.sounds import tone, wav_bytes

FRAME_BYTES = 640
DEAD = 0  # instead of a status: the connection breaks before there is one


@dataclass
class Delivery:
    """One HTTP request that came in."""

    headers: dict[str, str]
    body: Any


@dataclass
class Socket:
    """One media connection: the JSON that came in, and the way back."""

    headers: dict[str, str]
    ws: web.WebSocketResponse
    messages: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, pcm: bytes) -> None:
        """Send audio at once, in 20 ms messages."""
        for start in range(0, len(pcm), FRAME_BYTES):
            data = base64.b64encode(pcm[start : start + FRAME_BYTES]).decode()
            await self.ws.send_json({"kind": "AudioData", "audioData": {"data": data}})

    async def stop_audio(self) -> None:
        await self.ws.send_json({"Kind": "StopAudio", "AudioData": None, "StopAudio": {}})

    def frames(self) -> list[dict[str, Any]]:
        return [m["audioData"] for m in self.messages if m["kind"] == "AudioData"]


class FakeApp:
    """Answers what it is told to; everything it received can be waited for."""

    def __init__(self) -> None:
        self.url = ""
        self.grid: list[Delivery] = []
        self.handshakes: list[Delivery] = []
        self.callbacks: list[Delivery] = []
        self.sockets: list[Socket] = []
        self.grid_statuses: list[int] = []
        self.callback_statuses: list[int] = []
        self.socket_status = 101
        self.on_message: Callable[[Socket, dict[str, Any]], Any] | None = None
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    @property
    def callback_url(self) -> str:
        return f"{self.url}/callbacks/secret"

    @property
    def media_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/media/secret"

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """Return the callback events received so far, of one type or all."""
        events = [event for delivery in self.callbacks for event in delivery.body]
        return [e for e in events if e["type"].endswith("." + name) or not name]

    def event_types(self) -> list[str]:
        return [event["type"].removeprefix("Microsoft.Communication.") for event in self.events()]

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Return the condition's value once it is true."""
        async with self._changed:
            await self._changed.wait_for(condition)
        return condition()

    async def event(self, name: str, count: int = 1) -> dict[str, Any]:
        """Return the newest event of a type once so many have come."""
        events = await self.until(lambda: (e := self.events(name)) and len(e) >= count and e)
        return dict(events[-1])

    async def socket(self, number: int = 1) -> Socket:
        await self.until(lambda: len(self.sockets) >= number)
        return self.sockets[number - 1]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**22)
        app.add_routes(
            [
                web.post("/runtime/webhooks/EventGrid", self._grid),
                web.post("/callbacks/{secret}", self._callback),
                web.get("/media/{secret}", self._media),
                web.get("/prompt.wav", self._prompt),
                web.get("/prompt.mp3", self._not_wav),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self.sockets:
            if socket.ws._req is not None and socket.ws._req.transport is not None:
                socket.ws._req.transport.abort()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _note(self, kept: list[Delivery], request: web.Request, body: Any) -> None:
        async with self._changed:
            kept.append(Delivery(dict(request.headers) | {"?": request.query_string}, body))
            self._changed.notify_all()

    async def _grid(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            await self._note(self.handshakes, request, body)
            data = json.loads(body["data"]) if isinstance(body, dict) else body[0]["data"]
            return web.json_response({"validationResponse": data["validationCode"]})
        await self._note(self.grid, request, body)
        return web.Response(status=self.grid_statuses.pop(0) if self.grid_statuses else 200)

    async def _callback(self, request: web.Request) -> web.Response:
        await self._note(self.callbacks, request, json.loads(await request.read()))
        return web.Response(status=self.callback_statuses.pop(0) if self.callback_statuses else 200)

    async def _media(self, request: web.Request) -> web.StreamResponse:
        if self.socket_status == DEAD and request.transport is not None:
            request.transport.abort()
        if self.socket_status != 101:
            return web.Response(status=self.socket_status)
        ws = web.WebSocketResponse(autoping=True, max_msg_size=2**22)
        await ws.prepare(request)
        socket = Socket(dict(request.headers), ws)
        async with self._changed:
            self.sockets.append(socket)
            self._changed.notify_all()
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await self._received(socket, message.data)
        socket.closed.set()
        return ws

    async def _received(self, socket: Socket, text: str) -> None:
        async with self._changed:
            socket.texts.append(text)
            try:
                socket.messages.append(json.loads(text))
            except ValueError:
                socket.messages.append({"kind": "?"})
            self._changed.notify_all()
        if self.on_message is not None:
            await self.on_message(socket, socket.messages[-1])

    async def _prompt(self, _: web.Request) -> web.Response:
        return web.Response(body=wav_bytes(tone(300)), content_type="audio/wav")

    async def _not_wav(self, _: web.Request) -> web.Response:
        return web.Response(body=b"ID3 no wave", content_type="audio/mpeg")
