"""Both sides of the emulated Speech service: turns of audio it hears, texts it speaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from core.ports import Hearing, HearingStream, Speaking
from core.speech import BYTES_PER_MS, SpokenAudio, SpokenWord, Voice
from localdev.emulators.speech_bodies import (
    boundary_body,
    hearing_config,
    identifies_language,
    message_of,
    read_ssml,
)
from localdev.emulators.speech_line import Answer, EndTurn, Line, Seen, Turn
from localdev.emulators.speech_wire import TICKS_PER_MS, Message

_RIFF_BYTES = 44


class Hears:
    """The recognising side of one connection: turns of audio, each with a stream of its own."""

    def __init__(
        self, engine: Hearing, language: str, introduced: asyncio.Event, seen: Seen, line: Line
    ) -> None:
        self._engine = engine
        self._introduced = introduced
        self._found = language
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
                self._introduced.set()
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
        self._language = self._found if identifies_language(context) else ""
        self._stream = await self._engine.open(config)
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
                self._line.fault = None
                body_ = {"RecognitionStatus": status, "Offset": 0, "Duration": 0}
                await self._send("speech.phrase", body_)
            case EndTurn(after_ms=after_ms) if heard_ms >= after_ms:
                self._line.fault = None
                await self._send("turn.end", {})
                await self.end()
            case _:
                await self._line.disturb(self._request_id, heard_ms)

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


class Speaks:
    """The speaking side of one connection: one text after another."""

    def __init__(self, engine: Speaking, introduced: asyncio.Event, seen: Seen, line: Line) -> None:
        self._engine = engine
        self._introduced = introduced
        self._seen = seen
        self._line = line
        self._saying: asyncio.Task[None] | None = None
        self._written: asyncio.Queue[str | None] | None = None

    async def take(self, message: Message) -> None:
        """Take a message; SSML that is no XML closes the socket."""
        match message.path:
            case "speech.config":
                self._seen.config = message.json()
                self._introduced.set()
            case "synthesis.context":
                self._seen.turns.append(Turn(context=message.json()))
                self._begin_written(message)
            case "text.piece" if self._written is not None:
                self._seen.turns[-1].pieces.append(message.body.decode())
                self._written.put_nowait(message.body.decode())
            case "text.end" if self._written is not None:
                self._written.put_nowait(None)
            case "ssml" if self._seen.turns:
                self._seen.turns[-1].ssml = message.body.decode()
                text, voice = read_ssml(message.body.decode())
                say = self._say(message.request_id, text, voice)
                self._saying = asyncio.create_task(say, name="speech-emulator")

    def _begin_written(self, message: Message) -> None:
        """Begin to say a text that comes in pieces, if the client says that it will."""
        wanted = message.json().get("synthesis", {}).get("input", {})
        if wanted.get("bidirectionalStreamingMode"):
            self._written = asyncio.Queue()
            voice = Voice(name=wanted.get("voiceName", ""))
            say = self._say_written(message.request_id, self._written, voice)
            self._saying = asyncio.create_task(say, name="speech-emulator")

    async def end(self) -> None:
        """Say nothing more."""
        if self._saying is not None:
            self._saying.cancel()
            await asyncio.wait({self._saying})

    async def _say(self, request_id: str, text: str, voice: Voice) -> None:
        with contextlib.suppress(ConnectionResetError):
            await self._start(request_id)
            await self._sound(request_id, text, voice, 0)
            await self._finish(request_id)

    async def _say_written(
        self, request_id: str, written: asyncio.Queue[str | None], voice: Voice
    ) -> None:
        with contextlib.suppress(ConnectionResetError):
            await self._start(request_id)
            sent = 0
            while (text := await written.get()) is not None:
                sent = await self._sound(request_id, text.strip(), voice, sent)
            await self._finish(request_id)

    async def _start(self, request_id: str) -> None:
        await self._line.send("turn.start", request_id, {"context": {"serviceTag": "emulated"}})
        audio = {"audio": {"type": "inline", "streamId": "S1"}}
        await self._line.send("response", request_id, audio)
        await self._line.disturb(request_id, 0)

    async def _sound(self, request_id: str, text: str, voice: Voice, sent: int) -> int:
        """Send the sound of a text that begins after so many bytes; return where it ends."""
        begin_ms = sent // BYTES_PER_MS
        async for event in self._engine.speak(text, voice):
            if isinstance(event, SpokenAudio):
                await self._line.send_audio(request_id, event.pcm)
                sent += len(event.pcm)
                await self._line.disturb(request_id, sent / BYTES_PER_MS)
            elif isinstance(event, SpokenWord):
                body = boundary_body(event.word, after_ms=begin_ms)
                await self._line.send("audio.metadata", request_id, body)
        return sent

    async def _finish(self, request_id: str) -> None:
        await self._line.send_audio(request_id, b"")
        await self._line.send("turn.end", request_id, {})
