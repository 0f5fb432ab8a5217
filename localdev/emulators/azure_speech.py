"""A Speech service on the loopback: any engine of ours behind Azure's wire, with faults on demand.

The Speech SDK connects to it with `endpoint=ws://127.0.0.1:PORT`. By default it hears and speaks
sound that carries its text, so that what is said is what is recognised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from aiohttp import WSMsgType, web

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.ports import Hearing, Speaking
from localdev.emulators.speech_line import (
    Answer,
    Babble,
    Close,
    Drop,
    EndTurn,
    Fault,
    Forget,
    Hang,
    Line,
    Refuse,
    Seen,
    Turn,
)
from localdev.emulators.speech_sides import Hears, Speaks
from localdev.emulators.speech_wire import Malformed, read_binary, read_text

__all__ = [
    "Answer",
    "Babble",
    "Close",
    "Drop",
    "EndTurn",
    "Fault",
    "Forget",
    "Hang",
    "Refuse",
    "Seen",
    "SpeechEmulator",
    "Turn",
]


class SpeechEmulator:
    """Runs on a free port of the loopback while used as a context.

    `hearing` and `speaking` do the work. The faults are used up one by connection, None for a
    good one; after the last one all are good. `heard` and `spoke` hold the connections; `speaks`
    and `hears` are set when the first synthesizer and recognizer have introduced themselves.
    `upgrade_s`: how long a connection takes, over a network and through TLS.
    """

    def __init__(
        self,
        *,
        hearing: Hearing | None = None,
        speaking: Speaking | None = None,
        hearing_faults: Iterable[Fault | None] = (),
        speaking_faults: Iterable[Fault | None] = (),
        language: str = "",
        upgrade_s: float = 0.0,
    ) -> None:
        self.url = ""
        self.heard: list[Seen] = []
        self.spoke: list[Seen] = []
        self.speaks = asyncio.Event()
        self.hears = asyncio.Event()
        self.language = language
        self.upgrade_s = upgrade_s
        self.hearing = hearing or ScriptedHearing()
        self.speaking = speaking or ScriptedSpeaking(words=True)
        self._hearing_faults = iter(hearing_faults)
        self._speaking_faults = iter(speaking_faults)
        self._runner: web.AppRunner | None = None
        self._never = asyncio.Event()

    async def __aenter__(self) -> SpeechEmulator:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._connect)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._never.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        speaks = "tts" in request.path or "/websocket/v" in request.path
        fault = next(self._speaking_faults if speaks else self._hearing_faults, None)
        seen = Seen(path=request.path, query=dict(request.query), headers=dict(request.headers))
        (self.spoke if speaks else self.heard).append(seen)
        if isinstance(fault, Refuse):
            seen.closed.set()
            return web.Response(status=fault.status)
        if isinstance(fault, Hang) and not fault.connected:
            await self._never.wait()
        await asyncio.sleep(self.upgrade_s)
        socket = web.WebSocketResponse(protocols=("USP",), max_msg_size=1 << 20)
        try:
            await socket.prepare(request)
        except ConnectionResetError:  # whoever asked left in the handshake
            seen.closed.set()
            return web.Response(status=400)
        line = Line(request, socket, fault)
        session = (
            Speaks(self.speaking, self.speaks, seen, line)
            if speaks
            else Hears(self.hearing, self.language, self.hears, seen, line)
        )
        try:
            if isinstance(fault, Forget):
                await asyncio.sleep(fault.after_s)
                await socket.close()
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await session.take(read_text(frame.data))
                elif frame.type is WSMsgType.BINARY:
                    await session.take(read_binary(frame.data))
        except Malformed:
            await socket.close(code=1007)
        except ConnectionResetError:
            pass
        finally:
            seen.closed.set()
            await session.end()
        return socket
