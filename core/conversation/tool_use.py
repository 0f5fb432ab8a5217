"""What tools were asked and what they answered, as a conversation keeps it."""

from __future__ import annotations

from dataclasses import replace

from core.chat import ToolReturned, ToolsCalled
from core.conversation.state import Conversation, OpenTool, Said, added
from core.facts import ToolFinished, ToolStarted
from core.tools import ToolCall


def tool_started(conversation: Conversation, fact: ToolStarted) -> Conversation:
    """Add a call to those that are made at once; it is open until it has finished."""
    call = ToolCall(id=fact.id, name=fact.name, arguments=fact.arguments)
    started = replace(
        conversation,
        open_tools=(
            *conversation.open_tools,
            OpenTool(turn=fact.turn, call=call, key=fact.key),
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
    at = len(entries)
    for index, entry in enumerate(entries):
        match entry.message:
            case ToolsCalled(calls=calls) if any(call.id == fact.id for call in calls):
                at = index + 1
    while at < len(entries) and isinstance(entries[at].message, ToolReturned):
        at += 1
    wanted = conversation.collecting
    right = wanted is not None and wanted.then == fact.name and fact.ok
    return replace(
        conversation,
        collecting=None if right else wanted,
        said=(*entries[:at], Said(turn=fact.turn, message=returned), *entries[at:]),
        open_tools=tuple(tool for tool in conversation.open_tools if tool.call.id != fact.id),
    )
