"""Conversations held in text, each on a practice bank of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import date

from core.ports import Chat
from localdev.evaluate.checking import Checked, check
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.talk.talk import Talk, TalkOrder, talking


async def evaluate_text(
    conversations: Sequence[Conversation], chat: Chat, today: date
) -> AsyncGenerator[Checked]:
    """Hold one conversation after the other, since waits are measured."""
    for conversation in conversations:
        order = TalkOrder(
            scenario=conversation.scenario, caller=conversation.shape.caller, today=today
        )
        async with talking(order, chat) as talked:
            await _say(talked.live, conversation.shape)
        yield check(conversation, talked.record)


async def _say(talk: Talk, shape: ConversationShape) -> None:
    for turn in shape.turns:
        if talk.ended is not None:
            return
        if turn.press is not None:
            await talk.presses(turn.press)
        else:
            await talk.says(turn.say or "")
