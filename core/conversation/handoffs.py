"""How much of a conversation another agent gets who takes it over."""

from __future__ import annotations

from dataclasses import replace

from core.chat import UserSaid
from core.conversation.state import Conversation, noted
from core.facts import HandedOff

PASSED_ON = "handoff_context"
"""The slot of what the previous agent passed on."""


def handed_off(conversation: Conversation, fact: HandedOff) -> Conversation:
    """Give the conversation to another agent."""
    reason = f" Reason: {fact.reason}." if fact.reason else ""
    note = f"{fact.from_agent} handed the caller over to you, {fact.to_agent}.{reason}"
    first = conversation.first
    # What was passed on once was meant for that agent.
    slots = {name: value for name, value in conversation.slots.items() if name != PASSED_ON}
    if not fact.share_context:
        # A stranger to what was said before: he knows only the caller's last words.
        first, slots = _last_words(conversation), {}
    handed = replace(
        conversation,
        agent=fact.to_agent,
        previous=fact.from_agent,
        reason=fact.reason,
        handoffs=conversation.handoffs + 1,
        visited=(*dict.fromkeys((*conversation.visited, fact.from_agent, fact.to_agent)),),
        first=first,
        slots=slots,
    )
    return noted(handed, note)


def _last_words(conversation: Conversation) -> int:
    for index in reversed(range(len(conversation.said))):
        if isinstance(conversation.said[index].message, UserSaid):
            return index
    return len(conversation.said)
