"""What was said, done and remembered in a call, as a fold over its facts.

A live relay applies every fact it reports, in order; another relay applies the same facts from the
log. So both know the same, and there is no second way to change a conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.approvals import note_of
from core.chat import AgentSaid, Message, Note, ToolReturned, ToolsCalled, UserSaid
from core.facts import (
    AgentHeard,
    ApprovalDecided,
    ApprovalRequested,
    ApprovalTold,
    Briefed,
    CallerSaid,
    ConsentDecided,
    ConsentDecision,
    DigitsWanted,
    Fact,
    Filtered,
    HandedOff,
    LanguageRecognised,
    LogEntry,
    Remembered,
    SecretAwaited,
    ToolFinished,
    ToolStarted,
    TransferFailed,
    TransferRequested,
    Whispered,
)
from core.tools import ToolCall
from core.transfers import TOLD, why

WITHHELD = "(The caller said something that the content filter refused.)"
PASSED_ON = "handoff_context"
"""The slot of what the previous agent passed on."""
WHISPERED = (
    "A supervisor who listens tells you, and not the caller: take this into account from your next"
    " turn on, never read it out and do not mention that anybody told you."
)
_AFTER_FAILED = "Tell the caller, offer to have him called back if you can, and go on helping."
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
        answered = {
            entry.message.call_id for entry in self.said if isinstance(entry.message, ToolReturned)
        }
        messages: list[Message] = []
        for entry in self.said[self.first :]:
            messages.append(entry.message)
            if isinstance(entry.message, ToolsCalled):
                messages += [
                    ToolReturned(call_id=call.id, name=call.name, text=UNFINISHED, ok=False)
                    for call in entry.message.calls
                    if call.id not in answered
                ]
        return tuple(messages)


def begin(start_agent: str) -> Conversation:
    """Return the conversation of a call in which nothing was said yet."""
    return Conversation(agent=start_agent, visited=(start_agent,))


def rebuild(start_agent: str, log: Iterable[LogEntry]) -> Conversation:
    """Return the conversation a log tells of; late entries of a replaced relay do not count."""
    conversation = begin(start_agent)
    for entry in log:
        if not entry.late:
            conversation = apply(conversation, entry.fact)
    return conversation


def apply(conversation: Conversation, fact: Fact) -> Conversation:  # noqa: C901, PLR0912 one row per fact
    """Return the conversation after one more fact; most facts of a call's life change nothing."""
    match fact:
        case CallerSaid(corrects=True):
            return _corrected(conversation, fact)
        case CallerSaid():
            return _caller_said(conversation, fact)
        case ConsentDecided(decision=decision):
            return replace(conversation, consent=decision)
        case SecretAwaited(awaited=awaited):
            return replace(conversation, secret_awaited=awaited)
        case DigitsWanted():
            return replace(conversation, collecting=fact)
        case AgentHeard():
            return _agent_heard(conversation, fact)
        case ToolStarted():
            return _tool_started(conversation, fact)
        case ToolFinished():
            return _tool_finished(conversation, fact)
        case Remembered(slots=slots):
            return replace(conversation, slots={**conversation.slots, **slots})
        case Filtered(turn=turn, what="prompt"):
            return _withheld(conversation, turn)
        case LanguageRecognised(language=language):
            return replace(conversation, language=language)
        case HandedOff():
            return _handed_off(conversation, fact)
        case ApprovalRequested(request_id=request, subject=subject):
            return replace(conversation, pending={**conversation.pending, request: subject})
        case ApprovalDecided():
            return _decided(conversation, fact)
        case ApprovalTold():
            return _told(conversation, fact)
        case Briefed(text=text, slots=slots):
            briefed = replace(conversation, slots={**conversation.slots, **slots})
            return _note(briefed, text)
        case TransferRequested(target=target):
            return _note(conversation, f"You asked to connect the caller to {target}.")
        case TransferFailed(code=code, sub_code=sub_code):
            because = TOLD[why(code, sub_code)]
            text = f"Nobody took the caller, because {because}; the transfer failed."
            return _note(conversation, f"{text} {_AFTER_FAILED}", say=f"I am sorry, {because}.")
        case Whispered(id=whisper) if whisper not in conversation.whispers:
            whispers = conversation.whispers | {whisper}
            return _note(replace(conversation, whispers=whispers), f"{WHISPERED} {fact.text}")
        case _:
            return conversation


def _caller_said(conversation: Conversation, fact: CallerSaid) -> Conversation:
    said = UserSaid(text=fact.text, interrupted=fact.interrupted)
    wanted = conversation.collecting
    # Secret keys may be wrong and be pressed again, unasked: they stay secret until they are right.
    taken = fact.keys and wanted is not None and not wanted.secret
    return replace(
        _add(conversation, fact.turn, said),
        turn=fact.turn,
        reply_done=False,
        collecting=None if taken else wanted,
    )


def _add(conversation: Conversation, turn: int, message: Message) -> Conversation:
    return replace(conversation, said=(*conversation.said, Said(turn=turn, message=message)))


def _corrected(conversation: Conversation, fact: CallerSaid) -> Conversation:
    said = list(conversation.said)
    for index in reversed(range(len(said))):
        message = said[index].message
        if said[index].turn == fact.turn and isinstance(message, UserSaid):
            said[index] = replace(said[index], message=replace(message, text=fact.text))
            break
    return replace(conversation, said=tuple(said))


def _note(conversation: Conversation, text: str, say: str = "") -> Conversation:
    return _add(conversation, conversation.turn, Note(text=text, say=say))


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
            conversation = _add(conversation, told.turn, note_of(fact))
    return replace(conversation, news=news, turn=told.turn, reply_done=False)


def _withheld(conversation: Conversation, turn: int) -> Conversation:
    """Forget words that a filter refused: with them it would refuse every request to come."""
    said = tuple(
        replace(entry, message=replace(entry.message, text=WITHHELD))
        if entry.turn == turn and isinstance(entry.message, UserSaid)
        else entry
        for entry in conversation.said
    )
    return replace(conversation, said=said)


def _agent_heard(conversation: Conversation, fact: AgentHeard) -> Conversation:
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
    said = AgentSaid(text=fact.text, agent=fact.agent, cut=fact.cut)
    at = len(rest)
    while at > 0 and rest[at - 1].turn > fact.turn:
        at -= 1
    entries = (*rest[:at], Said(turn=fact.turn, message=said), *rest[at:])
    return replace(conversation, said=entries, reply_done=done)


def _tool_started(conversation: Conversation, fact: ToolStarted) -> Conversation:
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
    return _add(started, fact.turn, ToolsCalled(calls=(call,)))


def _tool_finished(conversation: Conversation, fact: ToolFinished) -> Conversation:
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


def _handed_off(conversation: Conversation, fact: HandedOff) -> Conversation:
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
    return _note(handed, note)


def _last_words(conversation: Conversation) -> int:
    for index in reversed(range(len(conversation.said))):
        if isinstance(conversation.said[index].message, UserSaid):
            return index
    return len(conversation.said)
