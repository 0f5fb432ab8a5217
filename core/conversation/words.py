"""What the caller said and what he heard, as a conversation keeps it."""

from __future__ import annotations

from dataclasses import replace

from core.chat import AgentSaid, UserSaid
from core.conversation.state import Conversation, Said, added, gone_on, in_turn
from core.facts import AgentHeard, CallerSaid

WITHHELD = "(The caller said something that the content filter refused.)"


def caller_said(conversation: Conversation, fact: CallerSaid) -> Conversation:
    """Add his words; they open a turn, or go on with one, and take a goodbye back."""
    said = UserSaid(text=fact.text)
    wanted = conversation.collecting
    # Secret keys may be wrong and be pressed again, unasked: they stay secret until they are right.
    taken = fact.keys and wanted is not None and not wanted.secret
    return replace(
        added(gone_on(conversation), fact.turn, said),
        turn=fact.turn,
        reply_done=False,
        collecting=None if taken else wanted,
        guarded=conversation.guarded and fact.keys,  # they may be wrong, and pressed again
    )


def corrected(conversation: Conversation, fact: CallerSaid) -> Conversation:
    """Put other words in the place of his last ones in this turn.

    What was made of those is made anew if nothing of it was heard: so they end no call.
    """
    if not any(_is_heard(entry, fact.turn) for entry in conversation.said):
        conversation = gone_on(conversation)
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
    before = [entry for entry in conversation.said if _is_heard(entry, fact.turn, fact.agent)]
    rest = tuple(entry for entry in conversation.said if entry not in before)
    done = fact.done or fact.cut
    conversation = in_turn(conversation, fact.turn)
    if not fact.text:
        return replace(conversation, said=rest, reply_done=done)
    said = AgentSaid(text=fact.text, agent=fact.agent, cut=fact.cut, cuts=fact.cuts)
    at = len(rest)
    while at > 0 and rest[at - 1].turn > fact.turn:
        at -= 1
    known_by = frozenset({fact.agent}).union(*(entry.known_by for entry in before))
    if fact.agent in conversation.shared_by:
        known_by |= {conversation.agent}
    entry = Said(turn=fact.turn, message=said, known_by=known_by)
    return replace(conversation, said=(*rest[:at], entry, *rest[at:]), reply_done=done)


def _is_heard(entry: Said, turn: int, agent: str = "") -> bool:
    """Whether it is what was heard in this turn, of this agent or of anybody."""
    message = entry.message
    theirs = isinstance(message, AgentSaid) and agent in ("", message.agent)
    return theirs and entry.turn == turn
