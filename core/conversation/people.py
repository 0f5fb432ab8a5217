"""What people beside the caller decided, tried and told the agent, as a conversation keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from core.approvals import note_of
from core.conversation.state import Conversation, added, noted, settled
from core.facts import (
    ApprovalDecided,
    ApprovalRequested,
    ApprovalTold,
    Briefed,
    TransferFailed,
    TransferRequested,
    Whispered,
)
from core.tools import TransferCall
from core.transfers import TOLD, why

WHISPERED = (
    "A supervisor who listens tells you, and not the caller: take this into account from your next"
    " turn on, never read it out and do not mention that anybody told you."
)
_AFTER_FAILED = "Tell the caller, offer to have him called back if you can, and go on helping."

PeopleFact = (
    ApprovalRequested
    | ApprovalDecided
    | ApprovalTold
    | Briefed
    | TransferRequested
    | TransferFailed
    | Whispered
)


def told_by_people(conversation: Conversation, fact: PeopleFact) -> Conversation:
    """Return the conversation after one more fact of theirs."""
    match fact:
        case ApprovalRequested(request_id=request, subject=subject):
            return replace(conversation, pending={**conversation.pending, request: subject})
        case ApprovalDecided():
            return _decided(conversation, fact)
        case ApprovalTold():
            return _told(conversation, fact)
        case Briefed(text=text, slots=slots):
            briefed = replace(conversation, slots={**conversation.slots, **slots})
            return noted(briefed, text)
        case TransferRequested(target=target):
            asked = settled(conversation, TransferCall)
            return noted(asked, f"You asked to connect the caller to {target}.")
        case TransferFailed(code=code, sub_code=sub_code):
            because = TOLD[why(code, sub_code)]
            text = f"Nobody took the caller, because {because}; the transfer failed."
            # One more that was asked for meanwhile failed with it, and is not made out of nowhere.
            failed = settled(conversation, TransferCall)
            return noted(failed, f"{text} {_AFTER_FAILED}", say=f"I am sorry, {because}.")
        case Whispered():
            return _whispered(conversation, fact)
        case _:
            assert_never(fact)


def _decided(conversation: Conversation, fact: ApprovalDecided) -> Conversation:
    request = fact.request_id
    if request in conversation.decided:
        return conversation
    pending = {asked: what for asked, what in conversation.pending.items() if asked != request}
    return replace(
        conversation,
        pending=pending,
        news=(*conversation.news, fact),
        decided=conversation.decided | {request},
    )


def _told(conversation: Conversation, told: ApprovalTold) -> Conversation:
    """Let the agent know what he is to tell now; the turn is open until it was heard."""
    news = tuple(fact for fact in conversation.news if fact.request_id != told.request_id)
    for fact in conversation.news:
        if fact.request_id == told.request_id:
            conversation = added(conversation, told.turn, note_of(fact))
    return replace(conversation, news=news, turn=told.turn, reply_done=False)


def _whispered(conversation: Conversation, fact: Whispered) -> Conversation:
    if fact.id in conversation.whispers:
        return conversation
    whispered = replace(conversation, whispers=conversation.whispers | {fact.id})
    return noted(whispered, f"{WHISPERED} {fact.text}")
