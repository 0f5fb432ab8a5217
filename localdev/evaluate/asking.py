"""A question to a model that answers in words: the judge, and the caller it plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from core.agents import AgentSpec
from core.chat import ChatEvent, ChatRequest, Message, TextDelta
from core.errors import Cause, EngineError, EngineFailed
from core.ports import Chat

ANSWER_S = 60.0


async def answer(chat: Chat, system: str, messages: Sequence[Message]) -> str:
    """Return the whole answer. Raises EngineFailed."""
    nobody = AgentSpec(name="evaluation", prompt=system)
    request = ChatRequest(agent=nobody, system=system, messages=tuple(messages))
    events = cast("AsyncGenerator[ChatEvent]", chat.stream(request))
    try:
        async with asyncio.timeout(ANSWER_S), aclosing(events):
            words = [event.text async for event in events if isinstance(event, TextDelta)]
    except TimeoutError as error:
        raise EngineFailed(EngineError(cause=Cause.TIMEOUT, detail="no answer")) from error
    return "".join(words).strip()
