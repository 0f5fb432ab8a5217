"""Models in a row: the next one answers when one fails before its first word."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from copy import copy

from adapters.fallback.links import Links
from adapters.fallback.streaming import first_that_begins
from core.chat import ChatEvent, ChatRequest, Finished
from core.ports import Chat

FIRST_S = 3.0


class ChatChain:
    """Thinks with the first model that begins within `first_s`."""

    def __init__(self, engines: Sequence[tuple[str, Chat]], *, first_s: float = FIRST_S) -> None:
        self.links = Links("thinking", engines)
        self._first_s = first_s
        self._way: Callable[[Chat], Chat] = lambda model: model

    def through(self, each: Callable[[Chat], Chat]) -> ChatChain:
        """Return this chain, with its circuits, each of its models asked by way of `each`."""
        chain = copy(self)
        chain._way = each
        return chain

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield one model's reply. Raises `EngineFailed`."""
        reply = first_that_begins(
            self.links,
            lambda engine: self._way(engine).stream(request),
            first_s=self._first_s,
            is_output=lambda _: True,
            is_end=lambda event: isinstance(event, Finished),
        )
        async with aclosing(reply) as events:
            async for event in events:
                yield event

    async def prepare(self, request: ChatRequest) -> None:
        """Prepare whoever would be asked first now."""
        await self.links.in_turn()[0].engine.prepare(request)

    async def warm(self) -> None:
        """Warm all. Raises `EngineFailed` if none can be."""
        await self.links.warm()

    async def aclose(self) -> None:
        """Let go of all."""
        await self.links.aclose()
