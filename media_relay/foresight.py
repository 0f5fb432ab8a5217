"""Answers begun before the caller's turn is over: used when he has said just that, else dropped.

Nothing of such an answer is spoken and no tool of it runs before the turn is final: until then its
events only wait here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, cast

from core.chat import ChatEvent, ChatRequest, UserSaid
from core.errors import EngineFailed
from core.ports import Chat
from core.turn import same_words

type Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


@dataclass(slots=True)
class _Ahead:
    request: ChatRequest
    events: list[ChatEvent] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    failure: EngineFailed | None = None
    task: asyncio.Task[None] | None = None


class Foresight:
    """A model that may be asked ahead of time. `wasted` counts answers that nobody needed."""

    def __init__(self, chat: Chat, spawn: Spawn = asyncio.create_task) -> None:
        self.wasted = 0
        self._chat = chat
        self._spawn = spawn
        self._ahead: _Ahead | None = None

    def foresee(self, request: ChatRequest) -> None:
        """Begin to answer what the caller may have said; one that was begun before is dropped."""
        if self._ahead is not None and same_request(self._ahead.request, request):
            return
        self.withdraw()
        ahead = self._ahead = _Ahead(request)
        ahead.task = self._spawn(self._fill(ahead))

    async def prepare(self, request: ChatRequest) -> None:
        """Let the model read beforehand what requests begin with."""
        await self._chat.prepare(request)

    def withdraw(self) -> None:
        """Drop what was begun: the caller goes on, or said something else."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self.wasted += 1
            self._stop(ahead)

    def take_wasted(self) -> int:
        """Return how many were wasted since this was asked last."""
        wasted, self.wasted = self.wasted, 0
        return wasted

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Answer, with what was prepared if it is an answer to this. Raises `EngineFailed`."""
        ahead = self._ahead
        if ahead is None or not same_request(ahead.request, request):
            self.withdraw()
            events = cast("AsyncGenerator[ChatEvent]", self._chat.stream(request))
            async with aclosing(events):
                async for event in events:
                    yield event
            return
        self._ahead = None
        try:
            async for event in _told(ahead):
                yield event
        finally:
            self._stop(ahead)

    async def _fill(self, ahead: _Ahead) -> None:
        events = cast("AsyncGenerator[ChatEvent]", self._chat.stream(ahead.request))
        try:
            async with aclosing(events):
                async for event in events:
                    ahead.events.append(event)
                    ahead.changed.set()
        except EngineFailed as failure:
            ahead.failure = failure
        finally:
            ahead.over = True
            ahead.changed.set()

    def _stop(self, ahead: _Ahead) -> None:
        if ahead.task is not None:
            ahead.task.cancel()


async def _told(ahead: _Ahead) -> AsyncGenerator[ChatEvent]:
    told = 0
    while True:
        while told < len(ahead.events):
            told += 1
            yield ahead.events[told - 1]
        if ahead.failure is not None:
            raise ahead.failure
        if ahead.over:
            return
        ahead.changed.clear()
        await ahead.changed.wait()


def same_request(one: ChatRequest, other: ChatRequest) -> bool:
    """Whether an answer to one answers the other, however the caller's last words are written."""
    if not one.messages or not other.messages:
        return one == other
    last, wanted = one.messages[-1], other.messages[-1]
    if not isinstance(last, UserSaid) or not isinstance(wanted, UserSaid):
        return False
    if not same_words(last.text, wanted.text):
        return False
    return one == replace(other, messages=(*other.messages[:-1], last))
