"""Everything that can be known to have happened to a call, in the past tense, and its log.

Life facts decide about the call and wake its orchestration; they hold ids, enums and numbers only
(`lean` strips those that carry words). Talk facts say what was spoken and done in a turn; they
are only kept: for the transcript, and for a relay that must go on where another stopped. After
facts say what was made of a call that is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Discriminator, TypeAdapter

from core.after_facts import CallAnalysed, WrapUpStep
from core.life_facts import (
    Answered,
    AnswerRefused,
    ApprovalDecided,
    ApprovalDecision,
    ApprovalRequested,
    CallbackRequested,
    CommandDone,
    CommandOutcome,
    Connected,
    ConnectFailed,
    ConsultAnswered,
    Direction,
    Disconnected,
    HandedOff,
    HangUpRequested,
    LegState,
    MediaDetached,
    MediaFailed,
    MediaStarted,
    MediaStopped,
    Offered,
    OtherEvent,
    Overdue,
    ParticipantsChanged,
    PersonJoined,
    PersonRefused,
    PromptPlayed,
    Recognised,
    Reconciled,
    RelayLost,
    SessionOpened,
    ToneHeard,
    TransferAccepted,
    TransferAnnounced,
    TransferFailed,
    TransferRequested,
    TransferStepped,
    TurnedAway,
    Whispered,
)
from core.recording_facts import (
    ConsentDecided,
    ConsentDecision,
    RecordingChanged,
    RecordingKept,
    RecordingStarted,
    SecretAwaited,
)
from core.talk_facts import (
    AgentHeard,
    AnsweredBy,
    ApprovalTold,
    Briefed,
    CallbacksDropped,
    CallerSaid,
    CampaignCall,
    DigitsWanted,
    EngineStumbled,
    Filtered,
    HandoffMade,
    LanguageRecognised,
    Latency,
    Remembered,
    ToolFinished,
    ToolRun,
    ToolStarted,
    TurnDone,
    Usage,
)

__all__ = [
    "ENTRIES",
    "ENTRY",
    "FACT",
    "POKING",
    "AfterFact",
    "AgentHeard",
    "AnswerRefused",
    "Answered",
    "AnsweredBy",
    "ApprovalDecided",
    "ApprovalDecision",
    "ApprovalRequested",
    "ApprovalTold",
    "Briefed",
    "CallAnalysed",
    "CallbackRequested",
    "CallbacksDropped",
    "CallerSaid",
    "CampaignCall",
    "CommandDone",
    "CommandOutcome",
    "ConnectFailed",
    "Connected",
    "ConsentDecided",
    "ConsentDecision",
    "ConsultAnswered",
    "DigitsWanted",
    "Direction",
    "Disconnected",
    "EngineStumbled",
    "Fact",
    "Filtered",
    "HandedOff",
    "HandoffMade",
    "HangUpRequested",
    "LanguageRecognised",
    "Latency",
    "LegState",
    "LifeFact",
    "LogEntry",
    "MediaDetached",
    "MediaFailed",
    "MediaStarted",
    "MediaStopped",
    "Offered",
    "OtherEvent",
    "Overdue",
    "ParticipantsChanged",
    "PersonJoined",
    "PersonRefused",
    "PromptPlayed",
    "Recognised",
    "Reconciled",
    "RecordingChanged",
    "RecordingKept",
    "RecordingStarted",
    "RelayLost",
    "Remembered",
    "SecretAwaited",
    "SessionOpened",
    "TalkFact",
    "ToneHeard",
    "ToolFinished",
    "ToolRun",
    "ToolStarted",
    "TransferAccepted",
    "TransferAnnounced",
    "TransferFailed",
    "TransferRequested",
    "TransferStepped",
    "TurnDone",
    "TurnedAway",
    "Usage",
    "Whispered",
    "WrapUpStep",
    "is_life",
    "lean",
]

LifeFact = (
    Offered
    | Answered
    | AnswerRefused
    | TurnedAway
    | Connected
    | ConnectFailed
    | Disconnected
    | ParticipantsChanged
    | MediaStarted
    | MediaStopped
    | MediaFailed
    | TransferAccepted
    | TransferFailed
    | PromptPlayed
    | Recognised
    | ToneHeard
    | OtherEvent
    | SessionOpened
    | MediaDetached
    | RelayLost
    | HandedOff
    | TransferRequested
    | HangUpRequested
    | ApprovalRequested
    | ApprovalDecided
    | CallbackRequested
    | PersonJoined
    | PersonRefused
    | TransferStepped
    | TransferAnnounced
    | ConsultAnswered
    | Whispered
    | ConsentDecided
    | SecretAwaited
    | RecordingStarted
    | RecordingChanged
    | RecordingKept
    | CommandDone
    | Reconciled
    | Overdue
)
TalkFact = (
    CallerSaid
    | AgentHeard
    | AnsweredBy
    | ToolStarted
    | ToolFinished
    | Remembered
    | Briefed
    | CallbacksDropped
    | CampaignCall
    | ApprovalTold
    | TurnDone
    | DigitsWanted
    | EngineStumbled
    | Filtered
    | LanguageRecognised
)
AfterFact = CallAnalysed | WrapUpStep
Fact = LifeFact | TalkFact | AfterFact

# The facts for which the orchestration must wake up at once; others are found when it next reads.
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
    PersonJoined,
    Whispered,
    ConsentDecided,
    SecretAwaited,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One numbered fact of a call's log. `late`: from a relay session that was replaced.

    `n` counts from 1 without gaps; `at` is epoch seconds when the fact was appended; `source` and
    `source_id` name it at its origin, and the same pair is never appended twice.
    """

    n: int
    at: float
    source: str
    source_id: str
    fact: Fact
    late: bool = False


FACT: TypeAdapter[Fact] = TypeAdapter(Annotated[Fact, Discriminator("kind")])
ENTRY: TypeAdapter[LogEntry] = TypeAdapter(LogEntry)
ENTRIES: TypeAdapter[tuple[LogEntry, ...]] = TypeAdapter(tuple[LogEntry, ...])


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
