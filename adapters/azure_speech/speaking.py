"""The voice of all calls: synthesizers with open connections, one for each text being spoken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from functools import partial

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.errors import error_of
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.ssml import DEFAULT_VOICE, name_of, ssml_of
from adapters.azure_speech.synthesis import Ended, Synthesis, Told, Use
from adapters.mailbox import Mailbox
from core.errors import Cause, EngineError, EngineFailed
from core.speech import SpeakingEvent, SpokenAudio, Voice

MAX_TEXT = 5_000
AUDIO_S = 10.0
# Kept with open connections after use, each 0.7 MB and five threads.
MAX_IDLE = 8


class AzureSpeaking:
    """Speaks with Azure Speech.

    A synthesizer that is stopped loses its connection, so a stopped one is thrown away and a spare
    with an open connection is kept ready. `audio_s` bounds the wait for each piece of audio.
    `streams_text`: whether the endpoint takes texts that are still being written.
    """

    def __init__(
        self,
        account: SpeechAccount,
        *,
        default_voice: str = "",
        audio_s: float = AUDIO_S,
        streams_text: bool = False,
    ) -> None:
        self.streams_text = streams_text
        self._account = account
        self._default_voice = default_voice or DEFAULT_VOICE
        self._audio_s = audio_s
        self._running: SdkThreads | None = None
        self._idle: dict[Use, deque[_Synthesizer]] = {}
        self._preparing: dict[Use, asyncio.Task[None]] = {}

    async def warm(self) -> None:
        """Have a spare whose connection is open or opening. Raises `EngineFailed`."""
        use = Use(text_stream=self._default_voice) if self.streams_text else Use()
        idle = self._idle.get(use)
        if idle:
            idle[-1].reconnect()
        else:
            self._put_back(await self._make(use, spare=True))

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio and the words of at most 5,000 characters. Raises `EngineFailed`."""
        if len(text) > MAX_TEXT:
            detail = "text too long to speak at once"
            raise EngineFailed(EngineError(cause=Cause.BAD_REQUEST, detail=detail))
        if not any(character.isalnum() for character in text):
            return
        ssml = ssml_of(text, voice, default_voice=self._default_voice)
        synthesizer = await self._take(Use(endpoint_id=voice.endpoint_id))
        async with aclosing(self._said(synthesizer, lambda each: each.speak(ssml))) as events:
            async for event in events:
                yield event

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
        synthesizer: _Synthesizer,
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
                synthesizer.discard()

    async def aclose(self) -> None:
        """Let go of every synthesizer."""
        for task in tuple(self._preparing.values()):
            task.cancel()
            await asyncio.wait({task})
        self._idle.clear()
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()

    async def _take(self, use: Use) -> _Synthesizer:
        idle = self._idle.get(use)
        if idle:
            synthesizer = next((each for each in idle if each.connected), idle[-1])
            idle.remove(synthesizer)
        else:
            synthesizer = await self._make(use, spare=False)
        if not self._idle.get(use) and use not in self._preparing:
            task = asyncio.create_task(self._prepare(use), name="azure-speech-spare")
            self._preparing[use] = task
            task.add_done_callback(lambda _: self._preparing.pop(use, None))
        return synthesizer

    async def _prepare(self, use: Use) -> None:
        try:
            self._put_back(await self._make(use, spare=True))
        except EngineFailed:
            return  # it is said when there is something to speak

    async def _make(self, use: Use, *, spare: bool) -> _Synthesizer:
        if self._running is None:
            self._running = SdkThreads()
        threads, loop = self._running, asyncio.get_running_loop()
        synthesizer = _Synthesizer(threads, use)
        tell = synthesizer.take
        made = threads.make(
            lambda: Synthesis(self._account, use, spare=spare, loop=loop, tell=tell)
        )
        synthesizer.begin(await made)
        return synthesizer

    def _put_back(self, synthesizer: _Synthesizer) -> None:
        idle = self._idle.setdefault(synthesizer.use, deque())
        if len(idle) < MAX_IDLE and self._running is not None:
            idle.append(synthesizer)
        else:
            synthesizer.discard()


class _Synthesizer:
    """Speaks one text at a time; what comes of another request than the present one is dropped."""

    def __init__(self, threads: SdkThreads, use: Use) -> None:
        self.use = use
        self._threads = threads
        self._synthesis: Synthesis | None = None
        self._box: Mailbox[SpeakingEvent] = Mailbox()
        self._past: str = ""
        self._error: EngineError | None = None
        self._begun = False

    def begin(self, synthesis: Synthesis) -> None:
        """Speak with these objects of the SDK."""
        self._synthesis = synthesis

    @property
    def connected(self) -> bool:
        """Whether its connection is open."""
        return self._synthesis is not None and self._synthesis.connected

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
