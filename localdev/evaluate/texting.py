"""Conversations held in text, each on a practice bank of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import EngineFailed
from core.ports import Chat
from localdev.evaluate.checked import Checked
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.holding import each_held
from localdev.evaluate.judging import decided
from localdev.evaluate.simulating import not_to_the_end, simulate
from localdev.talk.talk import Talk, TalkOrder, talking


@dataclass(frozen=True, slots=True, kw_only=True)
class Minds:
    """Who thinks for the agents; and who judges and plays callers, if anybody does."""

    agents: Chat
    judge: Chat | None = None


def evaluate_text(
    conversations: Sequence[Conversation], minds: Minds, today: date
) -> AsyncGenerator[Checked]:
    """Hold one conversation after the other, since waits are measured."""

    async def hold(conversation: Conversation) -> Checked:
        order = TalkOrder(
            scenario=conversation.scenario, caller=conversation.shape.caller, today=today
        )
        problem = ""
        async with talking(order, minds.agents) as talked:
            try:
                await _talk(talked.live, conversation.shape, minds)
            except EngineFailed as failure:
                problem = str(failure)
        checked = await decided(conversation, talked.record, minds.judge, log=talked.log)
        return not_to_the_end(checked, problem)

    return each_held(conversations, hold, (EngineFailed,))


async def _talk(talk: Talk, shape: ConversationShape, minds: Minds) -> None:
    if shape.simulate is not None and minds.judge is not None:
        await simulate(talk, minds.judge, shape.simulate)
    for turn in shape.turns:
        if talk.ended is not None:
            return
        if turn.press is not None:
            await talk.presses(turn.press)
        else:
            await talk.says(turn.say or "")
