"""A conversation as a fold over its facts.

A live relay applies every fact it reports, in order; another relay applies the same facts from the
log. So both know the same, and there is no second way to change a conversation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.conversation.handoffs import handed_off, remembered
from core.conversation.people import PeopleFact, told_by_people
from core.conversation.state import Conversation, begin, settled
from core.conversation.tool_use import tool_finished, tool_started
from core.conversation.words import agent_heard, caller_said, corrected, withheld
from core.facts import (
    AgentHeard,
    CallerSaid,
    ConsentDecided,
    DigitsWanted,
    Fact,
    Filtered,
    HandedOff,
    HangUpRequested,
    LanguageRecognised,
    LogEntry,
    Remembered,
    SecretAwaited,
    ToolFinished,
    ToolStarted,
)
from core.tools import HangUp


def rebuild(start_agent: str, log: Iterable[LogEntry]) -> Conversation:
    """Return the conversation a log tells of; late entries of a replaced relay do not count."""
    conversation = begin(start_agent)
    for entry in log:
        if not entry.late:
            conversation = apply(conversation, entry.fact)
    return conversation


def apply(conversation: Conversation, fact: Fact) -> Conversation:
    """Return the conversation after one more fact; most facts of a call's life change nothing."""
    if isinstance(fact, PeopleFact):
        return told_by_people(conversation, fact)
    match fact:
        case CallerSaid(corrects=True):
            return corrected(conversation, fact)
        case CallerSaid():
            return caller_said(conversation, fact)
        case AgentHeard():
            return agent_heard(conversation, fact)
        case Filtered(turn=turn, what="prompt"):
            return withheld(conversation, turn)
        case ToolStarted():
            return tool_started(conversation, fact)
        case ToolFinished():
            return tool_finished(conversation, fact)
        case HandedOff():
            return handed_off(conversation, fact)
        case HangUpRequested():
            return settled(conversation, HangUp)
        case _:
            return _known(conversation, fact)


def _known(conversation: Conversation, fact: Fact) -> Conversation:
    """Replace what is known of the caller, and what he was asked for."""
    match fact:
        case Remembered(slots=slots, agent=agent):
            return remembered(conversation, slots, agent)
        case LanguageRecognised(language=language):
            return replace(conversation, language=language)
        case ConsentDecided(decision=decision):
            return replace(conversation, consent=decision)
        case SecretAwaited(awaited=awaited):
            return replace(conversation, secret_awaited=awaited)
        case DigitsWanted(agent=agent) if agent == conversation.agent:
            return replace(conversation, collecting=fact, guarded=False)
        case _:
            return conversation
