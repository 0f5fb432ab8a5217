"""The voice of all calls: synthesizers with open connections, one for each text being spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.idle import Idle
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.spares import KEEP_S
from adapters.azure_speech.ssml import DEFAULT_VOICE, name_of, ssml_of
from adapters.azure_speech.synthesis import Synthesis, Use
from adapters.azure_speech.synthesizer import Synthesizer
from core.errors import Cause, EngineError, EngineFailed
from core.speech import SpeakingEvent, Voice, sayable

MAX_TEXT = 5_000
AUDIO_S = 10.0


class AzureSpeaking:
    """Speaks with Azure Speech.

    A synthesizer that is stopped loses its connection, so a stopped one is thrown away and a spare
    with an open connection is kept ready. `audio_s` bounds the wait for each piece of audio; a
    synthesizer that did not speak for `idle_s` is replaced. `streams_text`: whether the endpoint
    takes texts that are still being written.
    """

    def __init__(
        self,
        account: SpeechAccount,
        *,
        default_voice: str = "",
        audio_s: float = AUDIO_S,
        idle_s: float = KEEP_S,
        streams_text: bool = False,
    ) -> None:
        self._streams_text = streams_text
        self._account = account
        self._default_voice = default_voice or DEFAULT_VOICE
        self._audio_s = audio_s
        self._running: SdkThreads | None = None
        self._idle = Idle(self._refill, keep_s=idle_s)
        self._preparing: dict[Use, asyncio.Task[None]] = {}

    async def warm(self) -> None:
        """Have a spare whose connection is open or opening. Raises `EngineFailed`."""
        use = Use(text_stream=self._default_voice) if self._streams_text else Use()
        if self._idle.has(use):
            self._idle.reconnect(use)
        else:
            self._put_back(await self._make(use, spare=True))

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio and the words of at most 5,000 characters. Raises `EngineFailed`."""
        if len(text) > MAX_TEXT:
            detail = "text too long to speak at once"
            raise EngineFailed(EngineError(cause=Cause.BAD_REQUEST, detail=detail))
        if not sayable(text):
            return
        ssml = ssml_of(text, voice, default_voice=self._default_voice)
        synthesizer = await self._take(Use(endpoint_id=voice.endpoint_id))
        async with aclosing(self._said(synthesizer, lambda each: each.speak(ssml))) as events:
            async for event in events:
                yield event

    def streams_text(self, voice: Voice) -> bool:
        """Whether a text in this voice may be given while it is written."""
        # A deployment is named in the address of the other protocol; of this one nobody says so.
        return self._streams_text and not voice.endpoint_id

    async def speak_written(
        self, texts: AsyncIterator[str], voice: Voice
    ) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio of a text while it is being written. Raises `EngineFailed`."""
        synthesizer = await self._take(Use(text_stream=name_of(voice, self._default_voice)))
        writing = asyncio.create_task(synthesizer.write(texts), name="azure-speech-text")
        try:
            said = self._said(synthesizer, lambda each: each.begin(voice))
            async with aclosing(said) as events:
                async for event in events:
                    yield event
        finally:
            writing.cancel()
            await asyncio.wait({writing})

    async def _said(
        self,
        synthesizer: Synthesizer,
        ask: Callable[[Synthesis], None],
    ) -> AsyncGenerator[SpeakingEvent]:
        finished = False
        try:
            async with aclosing(synthesizer.say(ask)) as events:
                while True:
                    async with asyncio.timeout(self._audio_s):
                        event = await anext(events, None)
                    if event is None:
                        break
                    yield event
            finished = True
        except TimeoutError as error:
            failure = EngineError(cause=Cause.TIMEOUT, detail="no audio in time")
            raise EngineFailed(failure) from error
        finally:
            if finished:
                self._put_back(synthesizer)
            else:
                if synthesizer.mute:  # its connection may be dead, and theirs as well
                    self._idle.drop(synthesizer.use)
                synthesizer.discard()

    async def aclose(self) -> None:
        """Let go of every synthesizer."""
        for task in tuple(self._preparing.values()):
            task.cancel()
            await asyncio.wait({task})
        self._idle.close()
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()

    async def _take(self, use: Use) -> Synthesizer:
        synthesizer = self._idle.take(use) or await self._make(use, spare=False)
        if not self._idle.has(use):
            self._refill(use)
        return synthesizer

    def _refill(self, use: Use) -> None:
        if use not in self._preparing:
            task = asyncio.create_task(self._prepare(use), name="azure-speech-spare")
            self._preparing[use] = task
            task.add_done_callback(lambda _: self._preparing.pop(use, None))

    async def _prepare(self, use: Use) -> None:
        with suppress(EngineFailed):  # it is said when there is something to speak
            self._put_back(await self._make(use, spare=True))

    async def _make(self, use: Use, *, spare: bool) -> Synthesizer:
        if self._running is None:
            self._running = SdkThreads()
        threads, loop = self._running, asyncio.get_running_loop()
        synthesizer = Synthesizer(threads, use)
        tell = synthesizer.take
        made = threads.make(
            lambda: Synthesis(self._account, use, spare=spare, loop=loop, tell=tell)
        )
        synthesizer.begin(await made)
        return synthesizer

    def _put_back(self, synthesizer: Synthesizer) -> None:
        if self._running is not None:
            self._idle.put(synthesizer)
        else:
            synthesizer.discard()
