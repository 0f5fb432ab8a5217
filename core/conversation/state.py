"""What was said, done and remembered in a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.chat import AgentSaid, Message, Note, ToolReturned, ToolsCalled, UserSaid
from core.facts import ApprovalDecided, ConsentDecision, DigitsWanted
from core.tools import CallEffect, HangUp, ToolCall

NOT_ENDED = "The caller went on, so the call was not ended. End it again when he is done."
UNFINISHED = "This tool has not answered yet; its result is unknown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message, the turn it belongs to, and the agents who know of it."""

    turn: int
    message: Message
    known_by: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTool:
    """A tool that `agent` started and that has not finished. `key`: it has side effects."""

    turn: int
    call: ToolCall
    agent: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What a tool that has answered asks of the call, not done yet. `tool`: the id of its call."""

    tool: str
    effect: CallEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation so far.

    `slots`: what the present agent remembers; `kept`: what the others do, who may get the caller
    back. `shared_by`: who handed over with all he knew, in an unbroken line to the present agent.

    `reply_done`: the last reply was heard to its end or was cut; False means that the caller
    waits for (the rest of) an answer. `collecting`: whose the next keys are; `guarded`: they may be
    a secret that was asked for before a handoff. `owed`: effects of tools. `pending`: what people
    were asked to approve, by request; `news`: decisions that the caller was not told yet;
    `decided`: the requests of all decisions; `whispers`: the notes of supervisors so far.
    `language`: the caller's, once it was recognised.
    """

    agent: str
    turn: int = 0
    said: tuple[Said, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared_by: frozenset[str] = frozenset()
    visited: tuple[str, ...] = ()
    previous: str = ""
    reason: str = ""
    handoffs: int = 0
    open_tools: tuple[OpenTool, ...] = ()
    reply_done: bool = False
    owed: tuple[Owed, ...] = ()
    collecting: DigitsWanted | None = None
    guarded: bool = False
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
        for entry in self.said:
            if self.agent not in entry.known_by:
                continue
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
    """Return the conversation with one more message, which the present agent knows of."""
    said = Said(turn=turn, message=message, known_by=frozenset({conversation.agent}))
    return replace(conversation, said=(*conversation.said, said))


def noted(conversation: Conversation, text: str, say: str = "") -> Conversation:
    """Return the conversation with something that the agent is told beside it."""
    return added(conversation, conversation.turn, Note(text=text, say=say))


def in_turn(conversation: Conversation, turn: int) -> Conversation:
    """Return the conversation in a turn that the agent has opened, if it is a new one."""
    if turn <= conversation.turn:
        return conversation
    return replace(conversation, turn=turn, reply_done=False)


def settled(conversation: Conversation, *kinds: type[CallEffect]) -> Conversation:
    """Return the conversation in which no effect of these kinds is owed any more."""
    owed = tuple(each for each in conversation.owed if not isinstance(each.effect, kinds))
    return replace(conversation, owed=owed)


def gone_on(conversation: Conversation) -> Conversation:
    """Do not end a call whose caller has something else to say; its agent is told so."""
    after = settled(conversation, HangUp)
    if len(after.owed) == len(conversation.owed):
        return conversation
    return noted(after, NOT_ENDED)
