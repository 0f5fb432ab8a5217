"""What the orchestration of a call gets of its log: which facts, how soon, without which words."""

from __future__ import annotations

from dataclasses import replace

from core.facts.carrier import (
    Connected,
    ConnectFailed,
    Disconnected,
    MediaFailed,
    MediaStopped,
    ParticipantsChanged,
    PromptPlayed,
    TransferAccepted,
    TransferFailed,
)
from core.facts.log import Fact, LifeFact, LogEntry
from core.facts.ourselves import (
    Answered,
    AnswerRefused,
    Reconciled,
    RecordingKept,
    RecordingStarted,
    RelayLost,
)
from core.facts.people import ApprovalDecided, ConsentDecided, Whispered
from core.facts.relay import HandedOff, MediaDetached, SecretAwaited, SessionOpened
from core.facts.requests import (
    ApprovalRequested,
    CallbackRequested,
    HangUpRequested,
    TransferRequested,
)

# The facts for which the orchestration must wake up at once; others are found when it next reads.
# News of a transfer that only its own orchestration acts on wakes that one (`adapters.orders`).
POKING = (
    Answered,
    AnswerRefused,
    Connected,
    ConnectFailed,
    Disconnected,
    MediaStopped,
    MediaFailed,
    TransferAccepted,
    TransferFailed,
    PromptPlayed,
    SessionOpened,
    MediaDetached,
    RelayLost,
    TransferRequested,
    HangUpRequested,
    ApprovalRequested,
    ApprovalDecided,
    CallbackRequested,
    ParticipantsChanged,
    Reconciled,
    Whispered,
    ConsentDecided,
    SecretAwaited,
)


def is_life(fact: Fact) -> bool:
    """Whether the call's orchestration folds this fact."""
    return isinstance(fact, LifeFact)


def lean(entry: LogEntry) -> LogEntry:
    """Return the entry without words or source ids, fit for an orchestration's history."""
    bare = replace(entry, source_id="")
    match entry.fact:
        case HandedOff() as fact:
            return replace(bare, fact=replace(fact, reason=""))
        case TransferRequested() as fact:
            return replace(bare, fact=replace(fact, summary="", address=""))
        case Whispered() as fact:
            return replace(bare, fact=replace(fact, text="", by=""))
        case HangUpRequested() | MediaDetached() as fact:
            return replace(bare, fact=replace(fact, reason=""))
        case ApprovalRequested(request_id=request):
            return replace(bare, fact=ApprovalRequested(request_id=request))
        case CallbackRequested(request_id=request, at=at):
            return replace(bare, fact=CallbackRequested(request_id=request, at=at))
        case ApprovalDecided(request_id=request, decision=decision, ok=ok):
            decided = ApprovalDecided(request_id=request, decision=decision, ok=ok)
            return replace(bare, fact=decided)
        case RecordingStarted() as fact:
            return replace(bare, fact=replace(fact, recording_id=""))
        case RecordingKept() as fact:
            return replace(bare, fact=replace(fact, name=""))
        case _:
            return bare
