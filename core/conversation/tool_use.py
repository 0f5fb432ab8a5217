"""What tools were asked and what they answered, as a conversation keeps it."""

from __future__ import annotations

from dataclasses import replace

from core.chat import ToolReturned, ToolsCalled, UserSaid
from core.conversation.state import (
    NOT_ENDED,
    Conversation,
    OpenTool,
    Owed,
    Said,
    added,
    in_turn,
    noted,
)
from core.facts import ToolFinished, ToolStarted
from core.tools import HangUp, ToolCall


def tool_started(conversation: Conversation, fact: ToolStarted) -> Conversation:
    """Add a call to those that are made at once; it is open until it has finished."""
    call = ToolCall(id=fact.id, name=fact.name, arguments=fact.arguments)
    conversation = in_turn(conversation, fact.turn)
    started = replace(
        conversation,
        open_tools=(
            *conversation.open_tools,
            OpenTool(turn=fact.turn, call=call, agent=conversation.agent, key=fact.key),
        ),
    )
    last = conversation.said[-1] if conversation.said else None
    if last is not None and isinstance(last.message, ToolsCalled):
        both = ToolsCalled(calls=(*last.message.calls, call))
        return replace(started, said=(*conversation.said[:-1], replace(last, message=both)))
    return added(started, fact.turn, ToolsCalled(calls=(call,)))


def tool_finished(conversation: Conversation, fact: ToolFinished) -> Conversation:
    """Put the result behind those of the calls that were made with it."""
    if all(tool.call.id != fact.id for tool in conversation.open_tools):
        return conversation  # it was finished before
    returned = ToolReturned(
        call_id=fact.id, name=fact.name, text=fact.text, ok=fact.ok, data=fact.data
    )
    entries = conversation.said
    at = asked = _asked_at(entries, fact.id)
    while at < len(entries) and isinstance(entries[at].message, ToolReturned):
        at += 1
    wanted = conversation.collecting
    right = wanted is not None and wanted.then == fact.name and fact.ok
    # Whoever knows that it was asked may know what it answered, and nobody else.
    answer = Said(turn=fact.turn, message=returned, known_by=entries[asked - 1].known_by)
    # A caller who has gone on since it was asked takes back its goodbye, not that of another tool.
    gone = any(isinstance(entry.message, UserSaid) for entry in entries[asked:])
    effects = [each for each in fact.effects if not (gone and isinstance(each, HangUp))]
    finished = replace(
        conversation,
        collecting=None if right else wanted,
        said=(*entries[:at], answer, *entries[at:]),
        open_tools=tuple(tool for tool in conversation.open_tools if tool.call.id != fact.id),
        owed=(*conversation.owed, *(Owed(tool=fact.id, effect=effect) for effect in effects)),
    )
    return finished if len(effects) == len(fact.effects) else noted(finished, NOT_ENDED)


def _asked_at(entries: tuple[Said, ...], id_: str) -> int:
    """Return the place behind the message that asked for this call."""
    for index in reversed(range(len(entries))):
        match entries[index].message:
            case ToolsCalled(calls=calls) if any(call.id == id_ for call in calls):
                return index + 1
    return len(entries)
