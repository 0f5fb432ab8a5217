"""A relay server on a real port, and a carrier that dials it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import orjson
import pybase64
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, decode_spoken
from adapters.tokens import ISSUER, TokenVerifier, call_secret
from core.ports import Chat, Hearing, Speaking
from core.speech import FRAME_BYTES
from media_relay.call_settings import CallSettings, Engines
from media_relay.calls import AdmissionSettings, Calls
from media_relay.heartbeat import Heart, HeartbeatSettings
from media_relay.reporting import ReportSettings
from media_relay.server import RelayServer
from tests.relay.calls import MemoryControl, PlainCatalog, agent, scenario

AUDIENCE = "resource-id"
SIGNING_KEY = "k" * 40
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def keys(_: str) -> dict[str, Any]:
    public = RSAAlgorithm.to_jwk(_KEY.public_key(), as_dict=True)
    return {"keys": [{**public, "kid": "one"}]}


def token(**claims: Any) -> str:
    given = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 3600, **claims}
    return jwt.encode(given, _KEY, algorithm="RS256", headers={"kid": "one"})


def frame(pcm: bytes, timestamp: str = "2026-01-01T00:00:00.000Z") -> bytes:
    data = pybase64.b64encode(pcm).decode()
    body = {"timestamp": timestamp, "participantRawID": "4:+1", "data": data, "silent": False}
    return orjson.dumps({"kind": "AudioData", "audioData": body})


def metadata(rate: int = 16_000, channels: int = 1) -> bytes:
    about = {
        "subscriptionId": "s",
        "encoding": "PCM",
        "sampleRate": rate,
        "channels": channels,
        "length": rate // 25,
    }
    return orjson.dumps({"kind": "AudioMetadata", "audioMetadata": about})


METADATA = metadata()


@dataclass
class Station:
    """A relay server and the way to it."""

    port: int
    server: RelayServer
    calls: Calls
    control: MemoryControl
    heart: Heart
    http: aiohttp.ClientSession

    def url(self, call_id: str = "call", secret: str | None = None) -> str:
        secret = call_secret(SIGNING_KEY, "media", call_id) if secret is None else secret
        return f"ws://127.0.0.1:{self.port}/api/v1/media/stream/{call_id}/{secret}"

    async def get(self, path: str, **headers: str) -> int:
        async with self.http.get(f"http://127.0.0.1:{self.port}{path}", headers=headers) as answer:
            return answer.status

    @asynccontextmanager
    async def dialled(
        self,
        call_id: str = "call",
        *,
        secret: str | None = None,
        bearer: str | None = None,
        connection_id: str | None = "leg",
        opening: bytes = METADATA,
        **headers: str,
    ) -> AsyncIterator[Carrier]:
        sent = {"Authorization": f"Bearer {bearer or token()}", **headers}
        if connection_id is not None:
            sent["x-ms-call-connection-id"] = connection_id
        socket = await self.http.ws_connect(self.url(call_id, secret), headers=sent)
        try:
            await socket.send_str(opening.decode())
            yield Carrier(socket)
        finally:
            await socket.close()

    async def refused(self, call_id: str = "call", **how: Any) -> int:
        """Dial and return the HTTP status of the refusal."""
        try:
            async with self.dialled(call_id, **how):
                return 101
        except aiohttp.WSServerHandshakeError as refusal:
            return refusal.status


@dataclass
class Carrier:
    """The carrier's end of an audio socket."""

    socket: aiohttp.ClientWebSocketResponse
    heard: bytes = b""
    stops: int = 0

    async def send(self, message: bytes) -> None:
        await self.socket.send_str(message.decode())

    async def says(self, pcm: bytes) -> None:
        """Send sound as fast as is allowed; the recognizer counts audio, not time."""
        for at in range(0, len(pcm), FRAME_BYTES):
            await self.send(frame(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")))

    async def hears(self, text: str) -> None:
        """Take what comes until a text was heard."""
        async with asyncio.timeout(60):
            while text not in self.words:
                message = orjson.loads(await self.socket.receive_str())
                if message["Kind"] == "StopAudio":
                    self.stops += 1
                else:
                    self.heard += pybase64.b64decode(message["AudioData"]["Data"])

    async def hears_ms(self, ms: int, rate: int) -> None:
        """Take what comes until there is so much sound."""
        async with asyncio.timeout(60):
            while len(self.heard) < ms * rate // 500:
                message = orjson.loads(await self.socket.receive_str())
                self.heard += pybase64.b64decode(message["AudioData"]["Data"])

    async def gone(self) -> int | None:
        """Wait until the relay hangs up the socket; return its close code."""
        async with asyncio.timeout(60):
            while not self.socket.closed:
                message = await self.socket.receive()
                if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                    break
        return self.socket.close_code

    @property
    def words(self) -> str:
        return " ".join(text for _, text in decode_spoken(self.heard))


@asynccontextmanager
async def relaying(
    *,
    chat: Chat | None = None,
    hearing: Hearing | None = None,
    speaking: Speaking | None = None,
    catalog: PlainCatalog | None = None,
    settings: CallSettings | None = None,
    control: MemoryControl | None = None,
    admission: AdmissionSettings | None = None,
    lag: Callable[[], float] = lambda: 0.0,
) -> AsyncIterator[Station]:
    """Run a relay server with scripted engines that speak fast."""
    before = asyncio.all_tasks()
    control = control or MemoryControl(scenario(agent("Ann", greeting="Hi.")))
    engines = Engines(
        hearing=hearing or ScriptedHearing(),
        chat=chat or ScriptedChat(lambda request: "Yes."),
        speaking=speaking or ScriptedSpeaking(ms_per_char=10),
    )
    async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession() as http:
        calls = Calls(
            relay_id="relay",
            control=control,
            engines=engines,
            catalog=catalog or PlainCatalog(),
            tasks=tasks,
            wall_clock=time.time,
            settings=settings or CallSettings(),
            reports=ReportSettings(linger_s=0.01),
            admission=admission or AdmissionSettings(),
            on_change=lambda: None,
            lag=lag,
        )
        verifier = TokenVerifier(audience=AUDIENCE, fetch=keys)
        server = RelayServer(
            calls, verify=verifier.verify, signing_key=SIGNING_KEY, ready=lambda: True
        )
        heart = Heart(
            control,
            "relay",
            beat=lambda: None,
            obey=calls.obey,
            settings=HeartbeatSettings(),
        )
        port = await server.start("127.0.0.1", 0)
        try:
            yield Station(port, server, calls, control, heart, http)
        finally:
            await calls.drain(0, tell_s=1)
            await server.stop()
    # Connections of a provider's emulator outlive the relay; a spare that is just made does not.
    new = asyncio.all_tasks() - before - {asyncio.current_task()}
    left = {task for task in new if "RequestHandler" not in repr(task.get_coro())}
    if left:
        _, left = await asyncio.wait(left, timeout=60)
    assert left == set()
