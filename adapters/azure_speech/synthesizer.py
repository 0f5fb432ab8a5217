"""One synthesizer and the text that it speaks at present."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from functools import partial

from adapters.azure_speech.errors import error_of
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.synthesis import Ended, Synthesis, Told, Use
from adapters.mailbox import Mailbox
from core.errors import Cause, EngineError, EngineFailed
from core.speech import SpeakingEvent, SpokenAudio

# A service that is well begins to speak in a fraction of this.
MUTE_S = 1.0


class Synthesizer:
    """Speaks one text at a time; what comes of another request than the present one is dropped."""

    def __init__(self, threads: SdkThreads, use: Use) -> None:
        self.use = use
        self._threads = threads
        self._synthesis: Synthesis | None = None
        self._box: Mailbox[SpeakingEvent] = Mailbox()
        self._past: str = ""
        self._error: EngineError | None = None
        self._begun = False
        self._asked_at = 0.0
        self.idle_since = 0.0  # loop time

    def begin(self, synthesis: Synthesis) -> None:
        """Speak with these objects of the SDK."""
        self._synthesis = synthesis

    @property
    def connected(self) -> bool:
        """Whether its connection is open."""
        return self._synthesis is not None and self._synthesis.connected

    @property
    def mute(self) -> bool:
        """Whether it was asked for a text a while ago, and there is no sound of it."""
        waited_s = asyncio.get_running_loop().time() - self._asked_at
        return not self._begun and waited_s >= MUTE_S

    def reconnect(self) -> None:
        """Open the connection again if it was closed while nobody spoke."""
        if self._synthesis is not None and not self._synthesis.connected:
            self._threads.run(self._synthesis.connect)

    async def write(self, texts: AsyncIterator[str]) -> None:
        """Give the text as it comes, and its end. What fails is told by what is spoken."""
        with suppress(RuntimeError):
            async for text in texts:
                if (synthesis := self._synthesis) is not None:
                    await self._threads.call(partial(synthesis.write, text))
            if (synthesis := self._synthesis) is not None:
                await self._threads.call(synthesis.finish)

    async def say(self, ask: Callable[[Synthesis], None]) -> AsyncGenerator[SpeakingEvent]:
        """Yield what is spoken. Raises `EngineFailed`."""
        if self._synthesis is None:
            raise EngineFailed(EngineError(cause=Cause.LOST, detail="let go of"))
        self._box = Mailbox()
        self._error = None
        self._begun = False
        self._asked_at = asyncio.get_running_loop().time()
        ask(self._synthesis)
        async for event in self._box.drain():
            yield event
        self._threads.run(self._synthesis.settled())
        if self._error is not None:
            raise EngineFailed(self._error)

    def take(self, told: Told) -> None:
        """Keep what belongs to the present request."""
        if told.request == self._past:
            return
        if isinstance(told, Ended):
            self._past = told.request
            if told.code:
                self._error = error_of(told.code, told.details, begun=self._begun)
            self._box.close()
        else:
            self._begun = self._begun or isinstance(told.event, SpokenAudio)
            self._box.put(told.event)

    def discard(self) -> None:
        """Be silent at once and let go."""
        self._box.close(drop=True)
        synthesis, self._synthesis = self._synthesis, None
        if synthesis is not None:
            self._threads.release(synthesis)
