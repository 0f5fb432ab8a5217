"""The ears of one call: fed, asked for finals, and replaced when they tell nothing any more."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import assert_never

from adapters.azure_speech.doubts import Doubts
from adapters.azure_speech.errors import error_of
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.recognition import (
    MAX_SILENCE_MS,
    Began,
    Connected,
    Disconnected,
    Recognition,
    Result,
    Stopped,
    Told,
)
from adapters.azure_speech.utterances import Utterances
from adapters.mailbox import Mailbox
from core.errors import Cause, EngineError, EngineFailed
from core.speech import BYTES_PER_MS, HearingConfig, HearingEvent, HearingFailed

log = logging.getLogger(__name__)

# Beyond the silence that ends a phrase: the detector is not exact.
BURST_MARGIN_MS = 200
# Events nobody fetched.
MAX_EVENTS = 1_000
# Frames that are kept while others take over (10 s), and how long old ones may take to stop, for
# which the SDK itself has a second.
MAX_MEANWHILE = 500
STOP_S = 5.0

# Returns a recognition that has begun and tells its argument what it hears.
type Opening = Callable[[Callable[[Told], None]], Awaitable[Recognition]]


class AzureStream:
    """The ears of one call.

    `connect_s` bounds the wait for a connection, also for one that the SDK makes again.
    Ears that tell nothing of two utterances in more than `slow_s` are stopped: a service that
    answers that is alive and heard noise, and another recognition goes on; else they have failed.
    """

    def __init__(
        self,
        config: HearingConfig,
        threads: SdkThreads,
        opening: Opening,
        *,
        connect_s: float,
        slow_s: float,
    ) -> None:
        self._threads = threads
        self._opening = opening
        self._connect_s = connect_s
        self._loop = asyncio.get_running_loop()
        self._recognition: Recognition | None = None
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._utterances = Utterances(self._emit)
        silence_ms = min(MAX_SILENCE_MS, config.hangover_ms + BURST_MARGIN_MS)
        self._burst = bytes(silence_ms * BYTES_PER_MS)
        self._open = True
        self._connected = False
        self._answered = False
        self._doubts = Doubts(slow_s)
        self._patience: asyncio.TimerHandle | None = None
        # While another recognition takes over: the end of the old one, and what is said meanwhile.
        self._taking_over: asyncio.Task[None] | None = None
        self._stopped: asyncio.Event | None = None
        self._meanwhile: deque[bytes] = deque(maxlen=MAX_MEANWHILE)

    async def begin(self) -> None:
        """Begin to hear. Raises `EngineFailed`."""
        self._connected = False
        self._wait_for_connection()
        recognition = await self._opening(partial(self._told_of, self._utterances))
        if not self._open:
            self._threads.release(recognition)
            return
        self._recognition = recognition
        while self._meanwhile:
            self.push(self._meanwhile.popleft())

    def push(self, pcm: bytes) -> None:
        """Take the caller's next audio; a stream that has ended takes none."""
        if self._recognition is not None and pcm:
            self._utterances.positions.push(pcm)
            self._recognition.write(pcm)
        elif self._taking_over is not None and self._open:
            self._meanwhile.append(pcm)

    def finalize(self) -> None:
        """Ask for the final of what was said so far, now.

        Silence is sent faster than real time, and the service is asked to commit. Positions of
        later events are still those of the caller's audio.
        """
        if self._recognition is None:
            return
        self._utterances.positions.insert(self._burst)
        self._recognition.write(self._burst)
        self._recognition.commit()
        if self._connected and self._doubts.asked(self._loop.time()):
            # It may be deaf, and the SDK waits for ever; or there was nothing but noise.
            old, self._recognition = self._recognition, None
            taking_over = self._take_over(old)
            self._taking_over = self._loop.create_task(taking_over, name="azure-speech-ears")
            # Also where it is cancelled before its first step.
            self._taking_over.add_done_callback(lambda _: self._threads.release(old))

    @property
    def connected(self) -> bool:
        """Whether the service hears it now."""
        return self._connected and self._recognition is not None

    def events(self) -> AsyncGenerator[HearingEvent]:
        """Yield what was heard, in order, until closed or failed."""
        return self._box.drain()

    async def aclose(self) -> None:
        """Drop what is unheard."""
        self._shut()
        self._box.close(drop=True)
        if self._taking_over is not None:
            await asyncio.wait({self._taking_over})

    def take(self, told: Told) -> None:
        """Understand what the recognition tells; after the end nothing is heard."""
        if not self._open:
            return
        match told:
            case Connected():
                self._connected = True
                self._stop_waiting()
            case Disconnected():
                self._connected = False
                self._wait_for_connection()
            case Began():
                self._told_something()
                self._utterances.began(told)
            case Result():
                self._told_something()
                self._utterances.result(told)
            case Stopped():
                self._end(told)
            case _:
                assert_never(told)

    def _told_of(self, utterances: Utterances, told: Told) -> None:
        if utterances is self._utterances:  # else another recognition has taken over
            self.take(told)

    def _told_something(self) -> None:
        self._answered = True
        self._doubts.told()

    def _emit(self, event: HearingEvent) -> None:
        if len(self._box) >= MAX_EVENTS:
            self._fail(EngineError(cause=Cause.LOST, detail="nobody fetches what is heard"))
        else:
            self._box.put(event)

    # --- what goes wrong -------------------------------------------------------------------------

    async def _take_over(self, old: Recognition) -> None:
        """Stop the ears that tell nothing, and go on with others if they were alive."""
        try:
            if not await self._lives(old):
                detail = "nothing told, nor that it stopped"
                self._fail(EngineError(cause=Cause.TIMEOUT, detail=detail))
                return
            log.info("a recognizer told nothing, and another one takes over")
            self._utterances = Utterances(self._emit, self._utterances.positions.now_ms)
            self._doubts.told()
            await self.begin()
        except EngineFailed as failure:
            self._fail(failure.error)
        except Exception as error:  # noqa: BLE001  # the SDK's edge: else nobody would hear him
            detail = f"nothing takes over: {type(error).__name__}"
            self._fail(EngineError(cause=Cause.LOST, detail=detail))
        self._taking_over = None

    async def _lives(self, old: Recognition) -> bool:
        """Stop these ears, let go of them, and return whether they said that they stopped."""
        self._stopped = asyncio.Event()
        alive = False
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    alive = await self._threads.call(old.stop)
                    await self._stopped.wait()  # the last words come before that
        finally:
            self._threads.release(old)
            self._stopped = None
        return alive

    def _end(self, stopped: Stopped) -> None:
        if self._stopped is not None:
            self._stopped.set()
        else:
            # Without a code it just ended, which nobody asked for.
            code = stopped.code or "EndOfStream"
            self._fail(error_of(code, stopped.details, begun=self._answered))

    def _wait_for_connection(self) -> None:
        self._stop_waiting()
        self._patience = self._loop.call_later(self._connect_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _give_up(self) -> None:
        self._fail(EngineError(cause=Cause.TIMEOUT, detail="no connection in time"))

    def _fail(self, error: EngineError) -> None:
        if self._open:
            self._shut()
            self._box.put(HearingFailed(error=error))
            self._box.close()

    def _shut(self) -> None:
        self._open = False
        self._stop_waiting()
        self._meanwhile.clear()
        recognition, self._recognition = self._recognition, None
        if recognition is not None:
            self._threads.release(recognition)
        taking_over = self._taking_over
        if taking_over is not None and taking_over is not asyncio.current_task():
            taking_over.cancel()
