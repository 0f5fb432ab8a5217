"""Ears with a voice detector of our own, for a service whose word on pauses comes a second late."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import assert_never

from adapters.embedded.detecting import WINDOW_MS, Detection, Listener
from adapters.embedded.endpointing import Began, Ended, Endpointer, Mark, Paused, Resumed
from adapters.embedded.hearing import LAST_RESORT_MS
from adapters.mailbox import Mailbox
from core.errors import EngineFailed
from core.ports import Hearing, HearingStream, Preparing
from core.speech import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)

log = logging.getLogger(__name__)


def load_silero() -> Callable[[], Listener]:
    """Return what makes the detector of a call. Raises `EngineFailed` if its model is missing."""
    from adapters.embedded.silero import Silero

    return Silero().listener


class VoicedHearing:
    """Hears with `inner`, and tells starts and pauses by itself.

    Without the detector's model it is `inner` and no more, which then decides on its own.
    """

    def __init__(
        self, inner: Hearing, *, load: Callable[[], Callable[[], Listener]] = load_silero
    ) -> None:
        self._inner = inner
        self._load = load
        self._loading = asyncio.Lock()
        self._listener: Callable[[], Listener] | None = None
        self._missing = False

    async def warm(self) -> None:
        """Load the detector, and warm `inner`."""
        await asyncio.gather(self._ready(), self._inner.warm())

    async def open(self, config: HearingConfig) -> HearingStream:
        """Start hearing one call. Raises `EngineFailed`."""
        listener = await self._ready() if config.patient else None
        if listener is None:
            return await self._inner.open(replace(config, patient=False))
        return VoicedStream(await self._inner.open(config), listener(), config.threshold)

    async def prepare(self, config: HearingConfig) -> None:
        """Have `inner` ready, if it can be."""
        if isinstance(self._inner, Preparing):
            await self._inner.prepare(config)

    async def aclose(self) -> None:
        """Close `inner`."""
        await self._inner.aclose()

    async def _ready(self) -> Callable[[], Listener] | None:
        async with self._loading:
            if self._listener is None and not self._missing:
                try:
                    self._listener = await asyncio.to_thread(self._load)
                except (EngineFailed, ImportError) as failure:
                    self._missing = True
                    log.warning("no voice detector", extra={"reason": str(failure)})
            return self._listener


class VoicedStream:
    """The ears of one call: the words of `inner`, the pauses of the detector."""

    def __init__(self, inner: HearingStream, listener: Listener, threshold: float) -> None:
        self._inner = inner
        self._endpointer = Endpointer(
            window_ms=WINDOW_MS, hangover_ms=LAST_RESORT_MS, threshold=threshold
        )
        self._detection = Detection(listener, self._endpointer, self._window)
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._now_ms = 0
        self._words = asyncio.create_task(self._forward())

    def push(self, pcm: bytes) -> None:
        """Take the caller's next audio; about 0.1 ms of work per 32 ms of speech."""
        self._inner.push(pcm)
        self._detection.push(pcm)

    def finalize(self) -> None:
        """Ask `inner` for the words; what is spoken from now on is another utterance."""
        if self._endpointer.speaking:
            self._endpointer.end()
        self._inner.finalize()

    def events(self) -> AsyncGenerator[HearingEvent]:
        """Yield what was heard, in order, until closed or failed."""
        return self._box.drain()

    async def aclose(self) -> None:
        """Drop what is unheard."""
        self._detection.close()
        self._words.cancel()
        await asyncio.wait([self._words])
        await self._inner.aclose()
        self._box.close(drop=True)

    async def _forward(self) -> None:
        try:
            async for event in self._inner.events():
                # The detector knows better, and sooner, when speech begins and ends.
                if not isinstance(event, SpeechStarted | SpeechStopped):
                    self._box.put(event)
        except EngineFailed as failure:
            self._box.put(HearingFailed(error=failure.error))
        finally:  # whatever ended it: who listens must learn that there will be no words
            self._box.close()

    def _window(self, _: bytes, mark: Mark | None) -> None:
        self._now_ms += WINDOW_MS
        match mark:
            case Began(at_ms=at_ms):
                self._box.put(SpeechStarted(at_ms=at_ms))
            case Paused(at_ms=at_ms):
                self._box.put(SpeechPaused(at_ms=at_ms, now_ms=self._now_ms))
            case Resumed():
                self._box.put(SpeechResumed(at_ms=self._now_ms))
            case Ended(at_ms=at_ms):
                self._box.put(SpeechStopped(speech_end_ms=at_ms, decided_ms=self._now_ms))
                self._inner.finalize()
            case None:
                pass
            case _:
                assert_never(mark)
