"""One reply in the making: what it has said so far, and what a model is told of that."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from core.chat import AgentSaid, Message, Note, ToolsCalled
from core.conversation import Conversation, Owed
from core.sentences import Splitter
from media_relay.turn_record import TurnRecord


@dataclass(slots=True)
class Thought:
    """One reply in the making. `say` takes each piece and who says it; `mark` the first words.

    `close` takes what tools ask of the call once all was said.
    `quiet_for`: how long, in seconds, the caller has heard nothing and will hear nothing yet.
    """

    record: TurnRecord
    say: Callable[[str, str], None]
    close: Callable[[tuple[Owed, ...]], None]
    mark: Callable[[], None]
    waited: Callable[[float], None]
    quiet_for: Callable[[], float] = lambda: math.inf
    said: list[str] = field(default_factory=list)
    greeted: str = ""
    note: str = ""


def pieces_of(text: str) -> list[str]:
    """Return a whole text as speakable pieces."""
    splitter = Splitter()
    return [*splitter.feed(text), *splitter.flush()]


def with_unheard(conversation: Conversation, thought: Thought) -> tuple[Message, ...]:
    """Return the history with what this very reply has said so far, heard or not."""
    agent = conversation.agent
    unheard = " ".join(thought.said)
    messages = list(conversation.messages())
    if thought.note:
        messages.append(Note(text=thought.note))
    if not unheard and not thought.greeted:
        return tuple(messages)
    told = {
        id(entry.message)
        for entry in conversation.said
        if entry.turn == thought.record.turn
        and isinstance(entry.message, AgentSaid)
        and entry.message.agent == agent
    }
    messages = [message for message in messages if id(message) not in told]
    kind = Note if thought.greeted and not unheard else ToolsCalled
    at = max((n for n, message in enumerate(messages) if isinstance(message, kind)), default=None)
    live = [(agent, text) for text in (thought.greeted, unheard) if text]
    fact = thought.record.heard_facts(live)[-1]
    said = AgentSaid(text=fact.text, agent=agent, cuts=fact.cuts)
    messages.insert(len(messages) if at is None else at, said)
    return tuple(messages)
