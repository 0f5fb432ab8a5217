"""What was said, done and remembered in a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.chat import AgentSaid, Message, Note, ToolReturned, ToolsCalled, UserSaid
from core.facts import ApprovalDecided, ConsentDecision, DigitsWanted
from core.tools import ToolCall

UNFINISHED = "This tool has not answered yet; its result is unknown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message and the turn it belongs to."""

    turn: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTool:
    """A tool that was started and has not finished. `key`: it has side effects."""

    turn: int
    call: ToolCall
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation so far. `first`: where the present agent's knowledge begins.

    `reply_done`: the last reply was heard to its end or was cut; False means that the caller
    waits for (the rest of) an answer. `collecting`: whose the next keys are. `pending`: what people
    were asked to approve, by request; `news`: decisions that the caller was not told yet;
    `decided`: the requests of all decisions; `whispers`: the notes of supervisors so far.
    `language`: the caller's, once it was recognised.
    """

    agent: str
    turn: int = 0
    said: tuple[Said, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    visited: tuple[str, ...] = ()
    previous: str = ""
    reason: str = ""
    handoffs: int = 0
    first: int = 0
    open_tools: tuple[OpenTool, ...] = ()
    reply_done: bool = False
    collecting: DigitsWanted | None = None
    consent: ConsentDecision | None = None
    secret_awaited: bool = False
    pending: Mapping[str, str] = field(default_factory=dict)
    news: tuple[ApprovalDecided, ...] = ()
    decided: frozenset[str] = frozenset()
    language: str = ""
    whispers: frozenset[str] = frozenset()

    @property
    def talked(self) -> bool:
        """Whether anybody has said anything."""
        return any(isinstance(entry.message, UserSaid | AgentSaid) for entry in self.said)

    def messages(self) -> tuple[Message, ...]:
        """Return what the present agent may know; every tool call has an answer."""
        unanswered = {tool.call.id for tool in self.open_tools}
        messages: list[Message] = []
        for entry in self.said[self.first :]:
            messages.append(entry.message)
            if isinstance(entry.message, ToolsCalled):
                messages += [
                    ToolReturned(call_id=call.id, name=call.name, text=UNFINISHED, ok=False)
                    for call in entry.message.calls
                    if call.id in unanswered
                ]
        return tuple(messages)


def begin(start_agent: str) -> Conversation:
    """Return the conversation of a call in which nothing was said yet."""
    return Conversation(agent=start_agent, visited=(start_agent,))


def added(conversation: Conversation, turn: int, message: Message) -> Conversation:
    """Return the conversation with one more message."""
    return replace(conversation, said=(*conversation.said, Said(turn=turn, message=message)))


def noted(conversation: Conversation, text: str, say: str = "") -> Conversation:
    """Return the conversation with something that the agent is told beside it."""
    return added(conversation, conversation.turn, Note(text=text, say=say))
