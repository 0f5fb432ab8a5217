"""The ears of one call: audio in, events out, and a second try when the engine drops dead.

What the dead one had not understood yet is heard again by the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from core.agents import SpeechSpec
from core.errors import EngineFailed
from core.ports import Hearing, HearingStream
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.turn_record import FrameTimes

_KEPT = 500  # frames (10 s) that another stream would have to hear again ...
_QUIET = 50  # ... and of silence: the first sound of a word is quiet too.
_UNPROVEN = 200  # A stream that has told nothing may have heard nothing (its line is not up yet).


class Hearer:
    """Hears one call. `on_lost` is told when the caller cannot be heard any more.

    `engine` is who heard the last words, if that was not the first engine of its chain.
    """

    def __init__(
        self,
        engine: Hearing,
        *,
        on_event: Callable[[HearingEvent], None],
        on_stumble: Callable[[str], None],
        on_lost: Callable[[], None],
        tries: int = 2,
    ) -> None:
        self.decided: tuple[str, float] = ("", 0.0)
        self.engine = ""
        self._tries = tries
        self._engine = engine
        self._on_event = on_event
        self._on_stumble = on_stumble
        self._on_lost = on_lost
        self._config = HearingConfig()
        self._stream: HearingStream | None = None
        self._times = FrameTimes()
        # What no final covers yet: (audio, timestamp, arrival).
        self._unheard: deque[tuple[bytes, str, float]] = deque(maxlen=_KEPT)
        self._dropped = 0  # streams that failed
        self._quiet = _UNPROVEN
        self._speaking = False  # the caller, as far as words of his are still to come
        self._task: asyncio.Task[None] | None = None

    def start(self, tasks: asyncio.TaskGroup, speech: SpeechSpec) -> None:
        """Hear as this agent does; nothing changes if it is heard that way already."""
        config = HearingConfig(
            language=speech.language,
            hangover_ms=speech.vad_silence_timeout_ms,
            hints=speech.hints,
            languages=speech.languages,
            semantic=speech.semantic,
        )
        if self._task is not None and config == self._config:
            return
        if self._task is not None:
            self._task.cancel()
        self._config = config
        self._stream = None
        self._task = tasks.create_task(self._listen())

    def stop(self) -> None:
        """Hear nothing more."""
        if self._task is not None:
            self._task.cancel()

    def push(self, pcm: bytes, timestamp: str, at: float) -> None:
        """Take the caller's next audio; what comes while a stream opens is kept for it."""
        unheard = self._unheard
        unheard.append((pcm, timestamp, at))
        if self._stream is not None:
            self._times.push(len(pcm), timestamp, at)
            self._stream.push(pcm)
            while not self._speaking and len(unheard) > self._quiet:
                unheard.popleft()

    async def _listen(self) -> None:
        """Hear until cancelled; a stream that fails before anything was heard is not retried."""
        failures = 0
        while failures < self._tries:
            try:
                failures = await self._one_stream(failures)
            except EngineFailed as failure:
                failures += 1
                self._dropped += 1
                self._on_stumble(str(failure.error.cause))
        self._on_lost()

    async def _one_stream(self, failures: int) -> int:
        stream = await self._engine.open(replace(self._config, dropped=self._dropped))
        self._quiet = _UNPROVEN
        self._times = FrameTimes()
        self._stream = stream
        for pcm, timestamp, at in self._unheard:
            self._times.push(len(pcm), timestamp, at)
            stream.push(pcm)
        try:
            async for event in stream.events():
                if isinstance(event, HearingFailed):
                    self._dropped += 1
                    self._on_stumble(str(event.error.cause))
                    break
                self._quiet = _QUIET
                if isinstance(event, SpeechStopped | FinalHeard):
                    self.decided = self._times.until(event.decided_ms) or self.decided
                if isinstance(event, SpeechStarted):
                    self._speaking = True
                if isinstance(event, FinalHeard):
                    self._speaking = False
                    self.engine = event.engine
                    failures = 0 if event.text else failures
                    self._forget(event.decided_ms)
                self._on_event(event)
        finally:
            if self._stream is stream:
                self._stream = None
            await stream.aclose()
        return failures + 1

    def _forget(self, until_ms: int) -> None:
        """Keep only what came after this position of the stream."""
        after = self._times.position_ms - until_ms
        kept: list[tuple[bytes, str, float]] = []
        while self._unheard and after > 0:
            kept.append(self._unheard.pop())
            after -= len(kept[-1][0]) // BYTES_PER_MS
        self._unheard.clear()
        self._unheard.extend(reversed(kept))
