"""Ears that read the words out of the sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace

from adapters.mailbox import Mailbox
from adapters.scripted.kept import keep
from adapters.scripted.marked_audio import is_audible, read_speech
from core.errors import EngineError, EngineFailed
from core.speech import (
    FRAME_BYTES,
    FRAME_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)

PAUSE_MS = 120


class ScriptedHearing:
    """Hears what `spoken` wrote; other sound is an utterance without words.

    `script` holds events to emit when that much audio (ms) has been pushed, on top of what is
    heard. `delay_s`: how long a final takes. `failures`: raised by the next `open`s, in order.
    `language_of` recognises the language of a text; with `finals_only` guesses do not tell it.
    """

    def __init__(
        self,
        *,
        script: Iterable[tuple[int, HearingEvent]] = (),
        onset_ms: int = 40,
        partial_every_ms: int = 300,
        delay_s: float = 0.0,
        failures: Sequence[EngineError] = (),
        language_of: Callable[[str], str] = lambda _: "",
        finals_only: bool = False,
    ) -> None:
        self.script = tuple(sorted(script, key=lambda timed: timed[0]))
        self.onset_ms = onset_ms
        self.partial_every_ms = partial_every_ms
        self.delay_s = delay_s
        self.streams: list[ScriptedStream] = []
        self.language_of = language_of
        self.finals_only = finals_only
        self._failures = list(failures)

    async def open(self, config: HearingConfig) -> ScriptedStream:
        """Start hearing one call; the stream is kept in `streams`."""
        if self._failures:
            raise EngineFailed(self._failures.pop(0))
        stream = ScriptedStream(self, config)
        keep(self.streams, stream)
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
        self._started = self._paused = False
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
        self._audio.clear()
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
        if self._paused:
            self._paused = False
            self.emit(SpeechResumed(at_ms=self.now_ms))
        if not self._started and self.now_ms - self._start_ms >= self._engine.onset_ms:
            self._started = True
            self._partial = ("", self._start_ms)
            self.emit(SpeechStarted(at_ms=self._start_ms))
        text, told_ms = self._partial
        if self._started and self.now_ms - told_ms >= self._engine.partial_every_ms:
            now = self._words()
            if now != text:
                self.emit(self._guess(now))
            self._partial = (now, self.now_ms)

    def finalize(self) -> None:
        """End the utterance now."""
        if self.open and self._audio:
            self._end()

    def _silence(self, frame: bytes) -> None:
        self._audio += frame
        silent_ms = self.now_ms - self._sound_end_ms
        if self.config.patient:
            if not self._paused and silent_ms >= PAUSE_MS:
                self._pause() if self._started else self._end()
        elif silent_ms >= self.config.hangover_ms:
            self._end()

    def _pause(self) -> None:
        self._paused = True
        at_ms, now_ms = self._sound_end_ms, self.now_ms
        self.emit(SpeechPaused(at_ms=at_ms, now_ms=now_ms))
        if text := self._words():
            self.emit(replace(self._guess(text), stable=True))

    def _guess(self, text: str) -> PartialHeard:
        return PartialHeard(
            text=text,
            start_ms=self._start_ms,
            end_ms=self.now_ms,
            language="" if self._engine.finals_only else self._engine.language_of(text),
        )

    def _end(self) -> None:
        if self._started:
            end_ms = self._sound_end_ms
            self.emit(SpeechStopped(speech_end_ms=end_ms, decided_ms=self.now_ms))
            text = self._words()
            final = FinalHeard(
                text=text,
                start_ms=self._start_ms,
                end_ms=end_ms,
                decided_ms=self.now_ms,
                language=self._engine.language_of(text),
            )
            self._emit_later(final)
        self._audio.clear()
        self._started = self._paused = False

    def _words(self) -> str:
        return " ".join(speech.text.strip() for speech in read_speech(bytes(self._audio)))

    def _emit_later(self, final: FinalHeard) -> None:
        if self._engine.delay_s:
            asyncio.get_running_loop().call_later(self._engine.delay_s, self.emit, final)
        else:
            self.emit(final)
