"""A caller whom a model plays: with a goal, a temperament, and only what he knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.chat import AgentSaid, Message, UserSaid
from core.ports import Chat
from localdev.evaluate.asking import answer
from localdev.evaluate.checked import PLAYED, Check, Checked
from localdev.evaluate.files import Conversation, SimulatedShape
from localdev.talk.talk import Talk

HANGS_UP = "[hang up]"
SYSTEM = """\
You play a caller who telephones a company. You hear what its agents say; answer as the caller.
Your goal: {goal}
Your temperament: {temperament}
What you know:
{knows}
Speak as people do on the telephone: one or two short sentences, no stage directions, nothing but \
the caller's words. Make nothing up that you do not know. Once the goal is reached, or you see \
that it cannot be, say goodbye; when you have nothing more to say, answer {hangs_up} alone."""
MAX_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a played caller says next, if anything, and whether he hangs up then."""

    text: str
    last: bool


async def next_words(
    caller: Chat, shape: SimulatedShape, spoken: Sequence[tuple[str, str]]
) -> Words:
    """Return what he says after this; `spoken`: the caller, then agents. Raises EngineFailed."""
    system = SYSTEM.format(
        goal=shape.goal,
        temperament=shape.temperament,
        knows="\n".join(f"- {fact}" for fact in shape.knows) or "- nothing in particular",
        hangs_up=HANGS_UP,
    )
    words = await answer(caller, system, _as_heard(spoken))
    said = words.replace(HANGS_UP, "").strip()[:MAX_CHARS]
    return Words(text=said, last=HANGS_UP in words or not said)


async def simulate(talk: Talk, caller: Chat, shape: SimulatedShape) -> None:
    """Talk until one of both hangs up, or it has taken long enough. Raises EngineFailed."""
    for _ in range(shape.max_turns):
        if talk.ended is not None:
            return
        words = await next_words(caller, shape, talk.spoken)
        if words.text:
            await talk.says(words.text)
        if words.last:
            return


def _as_heard(spoken: Sequence[tuple[str, str]]) -> list[Message]:
    """Return the conversation as the caller has it: he is who speaks, the agents are heard."""
    messages: list[Message] = []
    for caller, agent in spoken:
        if caller:
            messages.append(AgentSaid(text=caller))
        messages.append(UserSaid(text=agent))
    return messages


def playable(
    conversations: Sequence[Conversation], caller: Chat | None
) -> tuple[Conversation, ...]:
    """Return those that can be held: who is to be played needs a model."""
    return tuple(each for each in conversations if caller or not each.shape.needs_model)


def not_to_the_end(checked: Checked, problem: str) -> Checked:
    """Let a conversation fail whose caller could not be played on; an empty problem is none."""
    if not problem:
        return checked
    fails = Check(name=PLAYED, reason=problem)
    return replace(checked, checks=(fails, *checked.checks))
