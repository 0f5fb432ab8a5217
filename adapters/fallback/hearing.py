"""Ears in a row: when one fails in mid-call, the caller's stream goes on at the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from adapters.fallback.links import TOO_SLOW, Link, Links, exhausted
from core.errors import EngineFailed
from core.ports import Hearing, HearingStream, Preparing
from core.served import Passed
from core.speech import FinalHeard, HearingConfig, HearingEvent, HearingFailed

OPEN_S = 3.0


class HearingChain:
    """Hears with the first engine that opens within `open_s`.

    A stream that fails says so, as any does; who opens another one for the same caller counts it
    in `HearingConfig.dropped`, pushes again what was not understood, and gets the next engine.
    """

    def __init__(self, engines: Sequence[tuple[str, Hearing]], *, open_s: float = OPEN_S) -> None:
        self.links = Links("hearing", engines, rest=False)
        self._open_s = open_s

    async def open(self, config: HearingConfig) -> HearingStream:
        """Start hearing one call. Raises `EngineFailed`."""
        passed: list[Passed] = []
        error = TOO_SLOW
        for link in self.links.in_turn(dropped=config.dropped):
            self.links.ask(link)
            try:
                async with asyncio.timeout(self._open_s):
                    stream = await link.engine.open(config)
            except TimeoutError:
                error = TOO_SLOW
            except EngineFailed as failure:
                error = failure.error
            else:
                return _Watched(stream, link, self.links)
            passed.append(self.links.failed(link, error))
        raise exhausted(passed, error)

    async def prepare(self, config: HearingConfig) -> None:
        """Have the first engine ready; the others are seldom asked."""
        first = next(iter(self.links)).engine
        if isinstance(first, Preparing):
            await first.prepare(config)

    async def warm(self) -> None:
        """Warm all. Raises `EngineFailed` if none can be."""
        await self.links.warm()

    async def aclose(self) -> None:
        """Let go of all."""
        await self.links.aclose()


class _Watched:
    """A stream of one of the engines; how it does is kept for the calls to come."""

    def __init__(self, stream: HearingStream, link: Link[Hearing], links: Links[Hearing]) -> None:
        self._stream = stream
        self._link = link
        self._links = links
        self._name = "" if links.is_first(link) else link.name
        # Audio goes straight through, 50 times a second.
        self.push = stream.push
        self.finalize = stream.finalize
        self.aclose = stream.aclose

    async def events(self) -> AsyncIterator[HearingEvent]:
        """Yield what was heard; finals name the engine if it is not the first."""
        async for event in self._stream.events():
            match event:
                case HearingFailed(error=error):
                    self._links.failed(self._link, error)
                    yield event
                case FinalHeard(text=text) if text:
                    self._links.succeeded(self._link)
                    yield replace(event, engine=self._name)
                case _:
                    yield event
