"""Voices in a row: the next one says a piece that one cannot begin."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from adapters.fallback.links import Links
from adapters.fallback.streaming import first_that_begins
from core.errors import Cause, EngineError, EngineFailed
from core.ports import Speaking
from core.speech import SpeakingEvent, SpokenAudio, Voice, sayable

FIRST_S = 1.5


class SpeakingChain:
    """Speaks with the first voice that begins within `first_s`."""

    def __init__(
        self, engines: Sequence[tuple[str, Speaking]], *, first_s: float = FIRST_S
    ) -> None:
        self.links = Links("speaking", engines)
        self._first_s = first_s

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield one voice's audio. Raises `EngineFailed`."""
        sound = first_that_begins(
            self.links,
            lambda engine: _audible(engine, text, voice),
            first_s=self._first_s,
            is_output=lambda event: isinstance(event, SpokenAudio),
        )
        async with aclosing(sound) as events:
            async for event in events:
                yield event

    async def warm(self) -> None:
        """Warm all. Raises `EngineFailed` if none can be."""
        await self.links.warm()

    async def aclose(self) -> None:
        """Let go of all."""
        await self.links.aclose()


async def _audible(engine: Speaking, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
    """Yield what an engine makes of a text; of one with words that is never nothing."""
    silent = sayable(text)
    events = engine.speak(text, voice)
    async with aclosing(events) as spoken:  # type: ignore[type-var]
        async for event in spoken:
            silent = silent and not isinstance(event, SpokenAudio)
            yield event
    if silent:
        raise EngineFailed(EngineError(cause=Cause.UNAVAILABLE, detail="no audio was made"))
