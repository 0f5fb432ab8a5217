"""A language model of which every request is watched, for how long it takes and what it costs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from core.chat import Addressee, ChatEvent, ChatRequest, Finished
from core.errors import EngineFailed
from core.model_requests import CANCELLED, ModelRequest
from core.ports import Addressed, Chained, Chat
from core.served import ServedBy


class RequestWatch:
    """One request as it goes on, on a clock that need not be the wall's."""

    def __init__(self, to: Addressee, agent: str, clock: Callable[[], float]) -> None:
        self._to = to
        self._agent = agent
        self._clock = clock
        self._start = clock()
        self._first: float | None = None
        self._end: float | None = None
        self._finished: Finished | None = None
        self._error = CANCELLED  # unless it comes to another end

    def saw(self, event: ChatEvent) -> None:
        """Take what came of the answer."""
        if isinstance(event, Finished):
            self._finished = event
            self.over()
        elif self._first is None and not isinstance(event, ServedBy):
            self._first = self._clock()

    def over(self, error: str = "") -> None:
        """It came to its end, or failed."""
        self._error = error
        self.left()

    def left(self) -> None:
        """Nobody waits for more of it."""
        if self._end is None:
            self._end = self._clock()

    def so_far(self, ahead_s: float) -> ModelRequest:
        """Return it as it is by now; `ahead_s`: of the wall clock before this one."""
        end = self._clock() if self._end is None else self._end
        return ModelRequest(
            to=self._to,
            agent=self._agent,
            start=self._start + ahead_s,
            first=None if self._first is None else self._first + ahead_s,
            end=end + ahead_s,
            finished=self._finished,
            error=self._error,
        )


class WatchedChat:
    """Thinks as the model it holds. `on_request` is given each request as it begins."""

    def __init__(
        self, chat: Chat, on_request: Callable[[RequestWatch], None], clock: Callable[[], float]
    ) -> None:
        self._chat = chat
        self._on_request = on_request
        self._clock = clock

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the reply as it comes. Raises `EngineFailed`."""
        watch = RequestWatch(_addressee(self._chat, request), request.agent.name, self._clock)
        self._on_request(watch)
        events = cast("AsyncGenerator[ChatEvent]", self._chat.stream(request))
        try:
            async with aclosing(events):
                async for event in events:
                    watch.saw(event)
                    yield event
            watch.over()
        except EngineFailed as failure:
            watch.over(str(failure.error.cause))
            raise
        except Exception as error:
            watch.over(type(error).__name__)
            raise
        finally:
            watch.left()

    async def prepare(self, request: ChatRequest) -> None:
        await self._chat.prepare(request)

    async def warm(self) -> None:
        await self._chat.warm()

    async def aclose(self) -> None:
        await self._chat.aclose()


def watched(
    chat: Chat, on_request: Callable[[RequestWatch], None], clock: Callable[[], float]
) -> Chat:
    """Return a model whose requests are watched; of a chain, those to each of its models."""

    def one(model: Chat) -> Chat:
        return WatchedChat(model, on_request, clock)

    return chat.through(one) if isinstance(chat, Chained) else one(chat)


def _addressee(chat: Chat, request: ChatRequest) -> Addressee:
    """Return whom a request goes to; an engine that does not tell goes by its own name."""
    if isinstance(chat, Addressed):
        return chat.addressee(request)
    return Addressee(provider=type(chat).__name__)
