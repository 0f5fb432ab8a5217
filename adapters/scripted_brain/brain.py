"""The scripted brain as a `Chat`: one decision, streamed as a model would stream it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator

from adapters.scripted_brain.deciding import decide
from core.chat import ChatEvent, ChatRequest, Finished, TextDelta, ToolCalled
from core.tools import ToolCall

WORDS_A_DELTA = 3


class ScriptedBrain:
    """Thinks without a model. Keeps nothing between requests, so any instance may go on."""

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatEvent]:
        """Yield the reply in small pieces, then tool calls, then `Finished`."""
        # 1 to 15 ms: nothing against a model's first token, too much for everybody else's frames.
        decision = await asyncio.to_thread(decide, request)
        for piece in _pieces(decision.say):
            yield TextDelta(text=piece)
        for wish in decision.calls:
            ident = f"scripted-{uuid.uuid4().hex}"
            yield ToolCalled(call=ToolCall(id=ident, name=wish.name, arguments=wish.arguments))
        yield Finished(reason="tool_calls" if decision.calls else "stop")

    async def prepare(self, request: ChatRequest) -> None:
        """Nothing to read beforehand."""

    async def warm(self) -> None:
        """Nothing to load."""

    async def aclose(self) -> None:
        """Nothing to free."""


def _pieces(text: str) -> Iterator[str]:
    spoken = text.split()
    for at in range(0, len(spoken), WORDS_A_DELTA):
        last = at + WORDS_A_DELTA >= len(spoken)
        yield " ".join(spoken[at : at + WORDS_A_DELTA]) + ("" if last else " ")
