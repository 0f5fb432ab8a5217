"""The engines and services a call needs, as small Protocols. Adapters implement them.

Every engine's native threads and queues stay inside its adapter: what comes out is an async
iterator, and what is cancelled stays silent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol, runtime_checkable

from core.chat import Addressee, ChatEvent, ChatRequest
from core.speech import HearingConfig, HearingEvent, SpeakingEvent, Voice


class HearingStream(Protocol):
    """The ears of one call."""

    def push(self, pcm: bytes) -> None:
        """Take the next audio of the caller. Never blocks; silence is pushed too."""
        ...

    def events(self) -> AsyncIterator[HearingEvent]:
        """Yield what was heard, in order, until the stream is closed or has failed."""
        ...

    def finalize(self) -> None:
        """Ask for the final of what was said so far, now: the caller is done."""
        ...

    async def aclose(self) -> None:
        """Drop what is unheard and free everything. Returns at once."""
        ...


class Hearing(Protocol):
    """A speech-to-text engine, shared by all calls of a process."""

    async def open(self, config: HearingConfig) -> HearingStream:
        """Start hearing one call. Raises `EngineFailed`."""
        ...

    async def warm(self) -> None:
        """Load models or open spare connections, so that the first call does not wait."""
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class Preparing(Protocol):
    """A speech-to-text engine that can get ready for a caller before he is there."""

    async def prepare(self, config: HearingConfig) -> None:
        """Be ready for the next caller who is heard like this. Returns soon; raises nothing."""
        ...


class TurnJudge(Protocol):
    """Judges by the sound of it whether a caller who pauses has said all he wanted to say."""

    async def likely_done(self, pcm: bytes) -> float:
        """Return the probability, from the caller's last seconds, pause included."""
        ...

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class Speaking(Protocol):
    """A text-to-speech engine, shared by all calls of a process."""

    def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        """Yield the audio of one clause as it is made. Closing the iterator stops the work.

        Raises `EngineFailed` while iterating.
        """
        ...

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class TextStreaming(Protocol):
    """A synthesizer that takes a text while it is being written, in the voices it says."""

    def streams_text(self, voice: Voice) -> bool:
        """Whether `speak_written` may be asked for this voice."""
        ...

    def speak_written(
        self, texts: AsyncIterator[str], voice: Voice
    ) -> AsyncIterator[SpeakingEvent]:
        """Yield the audio as it is made, and the words with their places in all of it.

        Raises `EngineFailed` while iterating.
        """
        ...


class Chat(Protocol):
    """A language model, or what stands in for one."""

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatEvent]:
        """Yield text as it comes and tool calls complete; `Working` while there is neither,
        from whoever can tell that he is at it. Closing the iterator cancels.

        Raises `EngineFailed` while iterating.
        """
        ...

    async def prepare(self, request: ChatRequest) -> None:
        """Have read beforehand what this call's requests begin with, where it pays.

        Raises nothing.
        """
        ...

    async def warm(self) -> None:
        """Import and connect what the first reply would wait for."""
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class Addressed(Protocol):
    """A language model that knows whom it asks."""

    def addressee(self, request: ChatRequest) -> Addressee:
        """Return whom this request goes to."""
        ...


@runtime_checkable
class Chained(Protocol):
    """Language models in a row."""

    def through(self, each: Callable[[Chat], Chat]) -> Chat:
        """Return the same models, each asked by way of what `each` makes of it."""
        ...
