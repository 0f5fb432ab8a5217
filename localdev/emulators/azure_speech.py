"""A Speech service on the loopback: any engine of ours behind Azure's wire, with faults on demand.

The Speech SDK connects to it with `endpoint=ws://127.0.0.1:PORT`. By default it hears and speaks
sound that carries its text, so that what is said is what is recognised.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from aiohttp import WSMsgType, web

from adapters.scripted import ScriptedHearing, ScriptedSpeaking
from core.errors import EngineFailed
from core.ports import Hearing, HearingStream, Speaking
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    SpokenAudio,
    Voice,
    Word,
)
from localdev.emulators.speech_wire import (
    TICKS_PER_MS,
    Malformed,
    Message,
    audio_frame,
    boundary_body,
    phrase_body,
    read_binary,
    read_text,
    text_frame,
)

_RIFF_BYTES = 44
_XML_NAMESPACE = "{http://www.w3.org/2001/10/synthesis}"


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
    """The service answers audio with a phrase of this status, like `TooManyRequests`."""

    status: str
    after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """The service takes all and answers nothing; without `connected` not even the upgrade."""

    connected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTurn:
    """The service ends the turn in the middle, as it does every ten minutes; no fault at all."""

    after_ms: int


type Fault = Refuse | Drop | Close | Answer | Hang | EndTurn


@dataclass(slots=True, kw_only=True)
class Turn:
    """What a client sent in one turn: caller's audio, or SSML to speak."""

    context: Mapping[str, Any]
    audio: bytearray = field(default_factory=bytearray)
    commits: int = 0
    ssml: str = ""


@dataclass(slots=True, kw_only=True)
class Seen:
    """One connection as it came. `closed` is set when it is gone."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    config: Mapping[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


class SpeechEmulator:
    """Runs on a free port of the loopback while used as a context.

    `hearing` and `speaking` do the work. The faults are used up one by connection, None for a
    good one; after the last one all are good. `heard` and `spoke` hold the connections; `speaks`
    is set when the first synthesizer has introduced itself.
    """

    def __init__(
        self,
        *,
        hearing: Hearing | None = None,
        speaking: Speaking | None = None,
        hearing_faults: Iterable[Fault | None] = (),
        speaking_faults: Iterable[Fault | None] = (),
        language: str = "",
    ) -> None:
        self.url = ""
        self.heard: list[Seen] = []
        self.spoke: list[Seen] = []
        self.speaks = asyncio.Event()
        self.language = language
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
        if fault == Hang(connected=False):
            await self._never.wait()
        socket = web.WebSocketResponse(protocols=("USP",), max_msg_size=1 << 20)
        await socket.prepare(request)
        line = _Line(request, socket, fault)
        session = _Speaks(self, seen, line) if speaks else _Hears(self, seen, line)
        try:
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


class _Line:
    """One socket with its fault. Once it hangs or is broken, nothing goes out."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        self._request = request
        self._socket = socket
        self.fault = fault

    async def send(self, path: str, request_id: str, body: Mapping[str, Any]) -> None:
        if not isinstance(self.fault, Hang):
            await self._socket.send_str(text_frame(path, request_id, body))

    async def send_audio(self, request_id: str, pcm: bytes) -> None:
        if not isinstance(self.fault, Hang):
            await self._socket.send_bytes(audio_frame(request_id, "S1", pcm))

    async def break_after(self, ms: float) -> None:
        """Break the connection if its fault says so after so much audio."""
        match self.fault:
            case Drop(after_ms=after_ms) if ms >= after_ms:
                if self._request.transport is not None:
                    self._request.transport.abort()
                raise ConnectionResetError
            case Close(code=code, after_ms=after_ms) if ms >= after_ms:
                await self._socket.close(code=code)
                raise ConnectionResetError


class _Hears:
    """The recognising side of one connection: turns of audio, each with a stream of its own."""

    def __init__(self, service: SpeechEmulator, seen: Seen, line: _Line) -> None:
        self._service = service
        self._seen = seen
        self._line = line
        self._request_id = ""
        self._language = ""
        self._stream: HearingStream | None = None
        self._telling: asyncio.Task[None] | None = None

    async def take(self, message: Message) -> None:
        """Take a message; telemetry and audio of a turn that has ended are nothing."""
        match message.path:
            case "speech.config":
                self._seen.config = message.json()
            case "speech.context":
                await self._begin(message)
            case "audio" if message.request_id == self._request_id:
                await self._hear(message.body)
            case "audio.commit" if message.request_id == self._request_id:
                self._seen.turns[-1].commits += 1

    async def end(self) -> None:
        """Stop hearing."""
        self._request_id = ""
        stream, self._stream = self._stream, None
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait({self._telling})
        if stream is not None:
            await stream.aclose()

    async def _begin(self, message: Message) -> None:
        await self.end()
        context = message.json()
        self._seen.turns.append(Turn(context=context))
        config = hearing_config(context)
        self._language = self._service.language if identifies_language(context) else ""
        self._stream = await self._service.hearing.open(config)
        self._request_id = message.request_id
        await self._send("turn.start", {"context": {"serviceTag": "emulated"}})
        self._telling = asyncio.create_task(self._tell(self._stream), name="speech-emulator")

    async def _hear(self, body: bytes) -> None:
        if not body:
            await self._finish()
            return
        turn, stream = self._seen.turns[-1], self._stream
        if stream is None or (body.startswith(b"RIFF") and len(body) == _RIFF_BYTES):
            return
        turn.audio += body
        stream.push(body)
        heard_ms = len(turn.audio) / BYTES_PER_MS
        match self._line.fault:
            case Answer(status=status, after_ms=after_ms) if heard_ms >= after_ms:
                body_ = {"RecognitionStatus": status, "Offset": 0, "Duration": 0}
                await self._send("speech.phrase", body_)
            case EndTurn(after_ms=after_ms) if heard_ms >= after_ms:
                self._line.fault = None
                await self._send("turn.end", {})
                await self.end()
            case _:
                await self._line.break_after(heard_ms)

    async def _finish(self) -> None:
        now = int(len(self._seen.turns[-1].audio) / BYTES_PER_MS) * TICKS_PER_MS
        await self._send("speech.endDetected", {"Offset": now})
        over = {"RecognitionStatus": "EndOfDictation", "Offset": now, "Duration": 0}
        await self._send("speech.phrase", over)
        await self._send("turn.end", {})
        await self.end()

    async def _tell(self, stream: HearingStream) -> None:
        with contextlib.suppress(ConnectionResetError):
            async for event in stream.events():
                if told := message_of(event, self._language):
                    await self._send(*told)

    async def _send(self, path: str, body: Mapping[str, Any]) -> None:
        await self._line.send(path, self._request_id, body)


class _Speaks:
    """The speaking side of one connection: one text after another."""

    def __init__(self, service: SpeechEmulator, seen: Seen, line: _Line) -> None:
        self._service = service
        self._seen = seen
        self._line = line
        self._saying: asyncio.Task[None] | None = None

    async def take(self, message: Message) -> None:
        """Take a message; SSML that is no XML closes the socket."""
        match message.path:
            case "speech.config":
                self._seen.config = message.json()
                self._service.speaks.set()
            case "synthesis.context":
                self._seen.turns.append(Turn(context=message.json()))
            case "ssml" if self._seen.turns:
                self._seen.turns[-1].ssml = message.body.decode()
                text, voice = read_ssml(message.body.decode())
                say = self._say(message.request_id, text, voice)
                self._saying = asyncio.create_task(say, name="speech-emulator")

    async def end(self) -> None:
        """Say nothing more."""
        if self._saying is not None:
            self._saying.cancel()
            await asyncio.wait({self._saying})

    async def _say(self, request_id: str, text: str, voice: Voice) -> None:
        with contextlib.suppress(ConnectionResetError):
            await self._line.send("turn.start", request_id, {"context": {"serviceTag": "emulated"}})
            audio = {"audio": {"type": "inline", "streamId": "S1"}}
            await self._line.send("response", request_id, audio)
            sent = 0
            await self._line.break_after(0)
            async for event in self._service.speaking.speak(text, voice):
                if isinstance(event, SpokenAudio):
                    await self._line.send_audio(request_id, event.pcm)
                    sent += len(event.pcm)
                    await self._line.break_after(sent / BYTES_PER_MS)
                else:
                    await self._line.send("audio.metadata", request_id, boundary_body(event.word))
            await self._line.send_audio(request_id, b"")
            await self._line.send("turn.end", request_id, {})


def message_of(event: HearingEvent, language: str) -> tuple[str, dict[str, Any]] | None:
    """Return what the service says of an event; of the end of speech it says nothing."""
    match event:
        case SpeechStarted():
            return "speech.startDetected", {"Offset": event.at_ms * TICKS_PER_MS}
        case PartialHeard():
            duration = (event.end_ms - event.start_ms) * TICKS_PER_MS
            offset = event.start_ms * TICKS_PER_MS
            body = {"Id": "partial", "Text": event.text, "Offset": offset, "Duration": duration}
            return "speech.hypothesis", body
        case FinalHeard():
            return "speech.phrase", phrase_body(
                text=event.text,
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                words=event.words or spread(event.text, event.start_ms, event.end_ms),
                language=language,
            )
        case HearingFailed():
            raise EngineFailed(event.error)
        case SpeechStopped():
            return None


def spread(text: str, start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """Return the words of a text, sharing its time equally."""
    parts = text.split()
    step = (end_ms - start_ms) / max(1, len(parts))
    return tuple(
        Word(
            text=part,
            start_ms=start_ms + round(number * step),
            end_ms=start_ms + round((number + 1) * step),
        )
        for number, part in enumerate(parts)
    )


def hearing_config(context: Mapping[str, Any]) -> HearingConfig:
    """Return how a client wants to be heard."""
    detection = context.get("phraseDetection", {})
    mode = detection.get(detection.get("mode", ""), {}).get("segmentation", {})
    groups = context.get("dgi", {}).get("Groups", [])
    return HearingConfig(
        language=detection.get("language", "en-US"),
        hangover_ms=int(mode.get("segmentationSilenceTimeoutMs", 500)),
        hints=tuple(item["Text"] for group in groups for item in group.get("Items", [])),
    )


def identifies_language(context: Mapping[str, Any]) -> bool:
    """Whether the client leaves the language to the service."""
    return "languageId" in context


def read_ssml(ssml: str) -> tuple[str, Voice]:
    """Return the text of SSML and its first voice. Raises Malformed."""
    try:
        # Expat resolves no external entities, and the document comes over the loopback.
        speak = ElementTree.fromstring(ssml)  # noqa: S314
    except ElementTree.ParseError as error:
        raise Malformed("not XML") from error
    voice = speak.find(f"{_XML_NAMESPACE}voice")
    name = voice.get("name", "") if voice is not None else ""
    return "".join(speak.itertext()).strip(), Voice(name=name)
