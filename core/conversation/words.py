"""What the caller said and what he heard, as a conversation keeps it."""

from __future__ import annotations

from dataclasses import replace

from core.chat import AgentSaid, UserSaid
from core.conversation.state import Conversation, Said, added
from core.facts import AgentHeard, CallerSaid

WITHHELD = "(The caller said something that the content filter refused.)"


def caller_said(conversation: Conversation, fact: CallerSaid) -> Conversation:
    """Add his words; they open a turn, or go on with one."""
    said = UserSaid(text=fact.text)
    wanted = conversation.collecting
    # Secret keys may be wrong and be pressed again, unasked: they stay secret until they are right.
    taken = fact.keys and wanted is not None and not wanted.secret
    return replace(
        added(conversation, fact.turn, said),
        turn=fact.turn,
        reply_done=False,
        collecting=None if taken else wanted,
    )


def corrected(conversation: Conversation, fact: CallerSaid) -> Conversation:
    """Put other words in the place of his last ones in this turn."""
    said = list(conversation.said)
    for index in reversed(range(len(said))):
        message = said[index].message
        if said[index].turn == fact.turn and isinstance(message, UserSaid):
            said[index] = replace(said[index], message=replace(message, text=fact.text))
            break
    return replace(conversation, said=tuple(said))


def withheld(conversation: Conversation, turn: int) -> Conversation:
    """Forget words that a filter refused: with them it would refuse every request to come."""
    said = tuple(
        replace(entry, message=replace(entry.message, text=WITHHELD))
        if entry.turn == turn and isinstance(entry.message, UserSaid)
        else entry
        for entry in conversation.said
    )
    return replace(conversation, said=said)


def agent_heard(conversation: Conversation, fact: AgentHeard) -> Conversation:
    """Keep one message per turn and agent, last in its turn: a model wants tools before words."""
    rest = tuple(
        entry
        for entry in conversation.said
        if not (
            entry.turn == fact.turn
            and isinstance(entry.message, AgentSaid)
            and entry.message.agent == fact.agent
        )
    )
    done = fact.done or fact.cut
    if not fact.text:
        return replace(conversation, said=rest, reply_done=done)
    said = AgentSaid(text=fact.text, agent=fact.agent, cut=fact.cut, cuts=fact.cuts)
    at = len(rest)
    while at > 0 and rest[at - 1].turn > fact.turn:
        at -= 1
    entries = (*rest[:at], Said(turn=fact.turn, message=said), *rest[at:])
    return replace(conversation, said=entries, reply_done=done)
