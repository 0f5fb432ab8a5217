"""Twins of the engines that need no model: what is said is written into the sound itself.

A test that speaks to a call with `spoken("hello")` is recognised word for word, and one that
records the call finds with `decode_spoken` what was heard and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass

from adapters.mailbox import Mailbox
from adapters.marked_audio import is_audible, read_speech, spoken
from core.chat import ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled
from core.errors import Cause, EngineError, EngineFailed
from core.speech import (
    BYTES_PER_MS,
    FRAME_BYTES,
    FRAME_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeakingEvent,
    SpeechStarted,
    SpeechStopped,
    SpokenAudio,
    SpokenWord,
    Voice,
    Word,
)

__all__ = [
    "ScriptedChat",
    "ScriptedHearing",
    "ScriptedSpeaking",
    "ScriptedStream",
    "decode_spoken",
    "spoken",
]


def decode_spoken(pcm: bytes) -> list[tuple[int, str]]:
    """Return (start in ms, text) of each thing said in audio; of a cut one, the part heard."""
    return [(speech.start_ms, speech.text) for speech in read_speech(pcm)]


# --- hearing -------------------------------------------------------------------------------------


class ScriptedHearing:
    """Hears what `spoken` wrote; other sound is an utterance without words.

    `script` holds events to emit when that much audio (ms) has been pushed, on top of what is
    heard. `delay_s`: how long a final takes. `failures`: raised by the next `open`s, in order.
    """

    def __init__(
        self,
        *,
        script: Iterable[tuple[int, HearingEvent]] = (),
        onset_ms: int = 40,
        partial_every_ms: int = 300,
        delay_s: float = 0.0,
        failures: Sequence[EngineError] = (),
    ) -> None:
        self.script = tuple(sorted(script, key=lambda timed: timed[0]))
        self.onset_ms = onset_ms
        self.partial_every_ms = partial_every_ms
        self.delay_s = delay_s
        self.streams: list[ScriptedStream] = []
        self._failures = list(failures)

    async def open(self, config: HearingConfig) -> ScriptedStream:
        """Start hearing one call; the stream is kept in `streams`."""
        if self._failures:
            raise EngineFailed(self._failures.pop(0))
        stream = ScriptedStream(self, config)
        self.streams.append(stream)
        return stream

    async def warm(self) -> None: ...

    async def aclose(self) -> None:
        for stream in self.streams:
            await stream.aclose()


class ScriptedStream:
    """The ears of one call, 20 ms at a time."""

    def __init__(self, engine: ScriptedHearing, config: HearingConfig) -> None:
        self.config = config
        self.open = True
        self.now_ms = 0
        self._engine = engine
        self._script = list(engine.script)
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._rest = b""
        self._audio = bytearray()
        self._start_ms = 0
        self._sound_end_ms = 0
        self._started = False
        self._partial = ("", 0)

    def push(self, pcm: bytes) -> None:
        """Take the next audio."""
        self._rest += pcm
        while self.open and len(self._rest) >= FRAME_BYTES:
            frame, self._rest = self._rest[:FRAME_BYTES], self._rest[FRAME_BYTES:]
            self._hear(frame)

    def events(self) -> AsyncGenerator[HearingEvent]:
        """Yield what was heard."""
        return self._box.drain()

    def emit(self, event: HearingEvent) -> None:
        """Say that `event` happened now; nothing is heard after a `HearingFailed`."""
        self._box.put(event)
        if isinstance(event, HearingFailed):
            self.open = False
            self._box.close()

    def finish(self) -> None:
        """Say that no more audio comes: `events` ends after what was heard."""
        self.open = False
        self._box.close()

    async def aclose(self) -> None:
        """Drop what is unheard."""
        self.open = False
        self._box.close(drop=True)

    def _hear(self, frame: bytes) -> None:
        self.now_ms += FRAME_MS
        if is_audible(frame):
            self._sound(frame)
        elif self._audio:
            self._silence(frame)
        while self._script and self._script[0][0] <= self.now_ms:
            self.emit(self._script.pop(0)[1])

    def _sound(self, frame: bytes) -> None:
        if not self._audio:
            self._start_ms = self.now_ms - FRAME_MS
        self._audio += frame
        self._sound_end_ms = self.now_ms
        if not self._started and self.now_ms - self._start_ms >= self._engine.onset_ms:
            self._started = True
            self._partial = ("", self._start_ms)
            self.emit(SpeechStarted(at_ms=self._start_ms))
        text, told_ms = self._partial
        if self._started and self.now_ms - told_ms >= self._engine.partial_every_ms:
            now = self._words()
            if now != text:
                end_ms = self.now_ms
                self.emit(PartialHeard(text=now, start_ms=self._start_ms, end_ms=end_ms))
            self._partial = (now, self.now_ms)

    def _silence(self, frame: bytes) -> None:
        self._audio += frame
        if self.now_ms - self._sound_end_ms < self.config.hangover_ms:
            return
        if self._started:
            end_ms = self._sound_end_ms
            self.emit(SpeechStopped(speech_end_ms=end_ms, decided_ms=self.now_ms))
            final = FinalHeard(
                text=self._words(),
                start_ms=self._start_ms,
                end_ms=end_ms,
                decided_ms=self.now_ms,
            )
            self._emit_later(final)
        self._audio.clear()
        self._started = False

    def _words(self) -> str:
        return " ".join(speech.text.strip() for speech in read_speech(bytes(self._audio)))

    def _emit_later(self, final: FinalHeard) -> None:
        if self._engine.delay_s:
            asyncio.get_running_loop().call_later(self._engine.delay_s, self.emit, final)
        else:
            self.emit(final)


# --- speaking ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Spoken:
    """One request to a `ScriptedSpeaking` and how far it got."""

    text: str
    voice: Voice
    done: bool = False
    cancelled: bool = False


class ScriptedSpeaking:
    """Says text as sound that carries it. `said` tells what was asked for and what was cancelled.

    Times in ms: the audio of a character, the wait before the first piece and before each
    following one, the length of a piece. `words`: emit word timings. `failures`: one per
    request, in order; None lets that request succeed. `fail_after_ms`: audio before the failure.
    """

    def __init__(
        self,
        *,
        ms_per_char: int = 50,
        first_audio_ms: int = 0,
        next_audio_ms: int = 0,
        piece_ms: int = 200,
        words: bool = False,
        failures: Sequence[EngineError | None] = (),
        fail_after_ms: int = 0,
    ) -> None:
        self.said: list[Spoken] = []
        self._ms_per_char = ms_per_char
        self._first_audio_ms = first_audio_ms
        self._next_audio_ms = next_audio_ms
        self._piece_bytes = piece_ms * BYTES_PER_MS
        self._words = words
        self._failures = list(failures)
        self._fail_after_ms = fail_after_ms

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio of one clause. Raises `EngineFailed` where the script says so."""
        entry = Spoken(text, voice)
        self.said.append(entry)
        failure = self._failures.pop(0) if self._failures else None
        try:
            async for event in self._pieces(text, failure):
                yield event
            entry.done = True
        finally:
            entry.cancelled = not entry.done and failure is None

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    async def _pieces(
        self, text: str, failure: EngineError | None
    ) -> AsyncGenerator[SpeakingEvent]:
        pcm = spoken(text, ms=len(text) * self._ms_per_char)
        if failure is not None:
            pcm = pcm[: self._fail_after_ms * BYTES_PER_MS]
        await asyncio.sleep(self._first_audio_ms / 1000)
        if self._words and failure is None:
            for word in _words_of(text, self._ms_per_char):
                yield SpokenWord(word=word)
        for at in range(0, len(pcm), self._piece_bytes):
            if at:
                await asyncio.sleep(self._next_audio_ms / 1000)
            yield SpokenAudio(pcm=pcm[at : at + self._piece_bytes])
        if failure is not None:
            raise EngineFailed(failure)


def _words_of(text: str, ms_per_char: int) -> list[Word]:
    words, at = [], 0
    for part in text.split():
        start = text.index(part, at)
        at = start + len(part)
        words.append(Word(text=part, start_ms=start * ms_per_char, end_ms=at * ms_per_char))
    return words


# --- thinking ------------------------------------------------------------------------------------

type Step = ChatEvent | float | EngineError
type Reply = str | Sequence[Step] | Callable[[ChatRequest], str | Sequence[Step]]


class ScriptedChat:
    """Answers from a list, or by a function of the request. `requests` tells what was asked.

    A reply is a text, or steps: events, waits in seconds, an error to fail with. `Finished` is
    added where it is missing. A list that is used up fails; a function never is.
    """

    def __init__(self, replies: Sequence[Reply] | Callable[[ChatRequest], Reply]) -> None:
        self.requests: list[ChatRequest] = []
        self.cancelled = 0
        self._replies = replies if callable(replies) else list(replies)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the next reply. Raises `EngineFailed` where the script says so."""
        self.requests.append(request)
        steps = self._steps(request)
        finished = False
        try:
            for step in steps:
                match step:
                    case float() | int():
                        await asyncio.sleep(step)
                    case EngineError():
                        finished = True
                        raise EngineFailed(step)
                    case _:
                        finished = isinstance(step, Finished)
                        yield step
        finally:
            self.cancelled += not finished

    async def aclose(self) -> None: ...

    def _steps(self, request: ChatRequest) -> Sequence[Step]:
        reply: Reply
        if callable(self._replies):
            reply = self._replies(request)
        elif self._replies:
            reply = self._replies.pop(0)
        else:
            error = EngineError(cause=Cause.BAD_REQUEST, detail="the script is over")
            raise EngineFailed(error)
        if callable(reply):
            reply = reply(request)
        steps = _deltas(reply) if isinstance(reply, str) else list(reply)
        if any(isinstance(step, (Finished, EngineError)) for step in steps):
            return steps
        calls = any(isinstance(step, ToolCalled) for step in steps)
        return [*steps, Finished(reason="tool_calls" if calls else "stop")]


def _deltas(text: str) -> list[Step]:
    """Return a text word by word, as models stream it."""
    return [TextDelta(text=part) for part in text.replace(" ", " \0").split("\0") if part]
