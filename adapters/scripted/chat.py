"""A model that says what it was told to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from adapters.scripted.kept import keep
from core.chat import ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled
from core.errors import Cause, EngineError, EngineFailed

type Step = ChatEvent | float | EngineError
type Reply = str | Sequence[Step] | Callable[[ChatRequest], str | Sequence[Step]]


class ScriptedChat:
    """Answers from a list, or by a function of the request. `requests` tells what was asked,
    `prepared` what was announced.

    A reply is a text, or steps: events, waits in seconds, an error to fail with. `Finished` is
    added where it is missing. A list that is used up fails; a function never is.
    """

    def __init__(self, replies: Sequence[Reply] | Callable[[ChatRequest], Reply]) -> None:
        self.requests: list[ChatRequest] = []
        self.prepared: list[ChatRequest] = []
        self.cancelled = 0
        self._replies = replies if callable(replies) else list(replies)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Yield the next reply. Raises `EngineFailed` where the script says so."""
        keep(self.requests, request)
        steps = self._steps(request)
        finished = False
        try:
            for step in steps:
                match step:
                    case float() | int():
                        await asyncio.sleep(step)
                    case EngineError():
                        finished = True
                        raise EngineFailed(step)
                    case _:
                        finished = isinstance(step, Finished)
                        yield step
        finally:
            self.cancelled += not finished

    async def prepare(self, request: ChatRequest) -> None:
        self.prepared.append(request)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    def _steps(self, request: ChatRequest) -> Sequence[Step]:
        reply: Reply
        if callable(self._replies):
            reply = self._replies(request)
        elif self._replies:
            reply = self._replies.pop(0)
        else:
            error = EngineError(cause=Cause.BAD_REQUEST, detail="the script is over")
            raise EngineFailed(error)
        if callable(reply):
            reply = reply(request)
        steps = _deltas(reply) if isinstance(reply, str) else list(reply)
        if any(isinstance(step, (Finished, EngineError)) for step in steps):
            return steps
        calls = any(isinstance(step, ToolCalled) for step in steps)
        return [*steps, Finished(reason="tool_calls" if calls else "stop")]


def _deltas(text: str) -> list[Step]:
    """Return a text word by word, as models stream it."""
    return [TextDelta(text=part) for part in text.replace(" ", " \0").split("\0") if part]
