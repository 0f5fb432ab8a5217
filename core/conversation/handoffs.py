"""What another agent knows who takes a conversation over.

An agent who gets the caller back knows what he knew, and what is shared with him now. Without
shared context he gets the caller's last words only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.chat import UserSaid
from core.conversation.state import Conversation, Said, noted, settled
from core.facts import HandedOff
from core.tools import HandOff

PASSED_ON = "handoff_context"
"""The slot of what the previous agent passed on."""


def handed_off(conversation: Conversation, fact: HandedOff) -> Conversation:
    """Give the conversation to another agent."""
    before, after = conversation.agent, fact.to_agent
    reason = f" Reason: {fact.reason}." if fact.reason else ""
    note = f"{fact.from_agent} handed the caller over to you, {fact.to_agent}.{reason}"
    # What was passed on once was meant for that agent.
    known = {name: value for name, value in conversation.slots.items() if name != PASSED_ON}
    kept = {**conversation.kept, before: known}
    slots = kept.pop(after, {})
    collecting = conversation.collecting
    handed = replace(
        settled(conversation, HandOff),
        agent=after,
        previous=fact.from_agent,
        reason=fact.reason,
        handoffs=conversation.handoffs + 1,
        visited=(*dict.fromkeys((*conversation.visited, fact.from_agent, fact.to_agent)),),
        said=_told(conversation, after, everything=fact.share_context),
        slots={**slots, **known} if fact.share_context else slots,
        kept=kept,
        shared_by=conversation.shared_by | {before} if fact.share_context else frozenset(),
        collecting=None,
        guarded=conversation.guarded or (collecting is not None and collecting.secret),
    )
    return noted(handed, note)


def remembered(conversation: Conversation, slots: Mapping[str, Any], agent: str) -> Conversation:
    """Add what a tool of this agent found out (empty: the present one) to whom it may concern."""
    agent = agent or conversation.agent
    mine = agent == conversation.agent
    if mine or agent in conversation.shared_by:
        conversation = replace(conversation, slots={**conversation.slots, **slots})
    if mine:
        return conversation
    his = {**conversation.kept.get(agent, {}), **slots}
    return replace(conversation, kept={**conversation.kept, agent: his})


def _told(conversation: Conversation, agent: str, *, everything: bool) -> tuple[Said, ...]:
    """Return what was said, of which this agent now knows what the present one does, or little."""
    said = conversation.said
    words = [entry for entry in said if isinstance(entry.message, UserSaid)]
    known = [entry for entry in said if conversation.agent in entry.known_by]
    shared = known if everything else [entry for entry in words if entry.turn == words[-1].turn]
    chosen = {id(entry) for entry in shared}
    return tuple(
        replace(entry, known_by=entry.known_by | {agent}) if id(entry) in chosen else entry
        for entry in said
    )
