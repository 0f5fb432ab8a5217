"""Everything that can be known to have happened to a call, in the past tense.

Life facts decide about the call and wake its orchestration; they hold ids, enums and numbers only
(`lean` strips those that carry words). Talk facts say what was spoken and done in a turn; they
are only kept: for the transcript, and for a relay that must go on where another stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Discriminator, TypeAdapter


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


# --- life: telephony ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A phone rings (inbound), or is about to be rung (outbound). Always entry 1 of a log."""

    direction: Direction
    kind: Literal["offered"] = "offered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """We asked to answer (or to be connected) and the carrier took it."""

    connection_id: str
    streaming: bool = True
    kind: Literal["answered"] = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRefused:
    """The carrier would not let us answer or call: too late, not ours any more, not allowed."""

    reason: str
    kind: Literal["answer_refused"] = "answer_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Both ends can hear each other."""

    connection_id: str
    kind: Literal["connected"] = "connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectFailed:
    """The leg never came up."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["connect_failed"] = "connect_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The leg is over."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["disconnected"] = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantsChanged:
    """How many are in the call now, ourselves included."""

    count: int
    kind: Literal["participants_changed"] = "participants_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStarted:
    """The carrier says that audio streams."""

    kind: Literal["media_started"] = "media_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStopped:
    """The carrier says that audio has stopped streaming."""

    kind: Literal["media_stopped"] = "media_stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFailed:
    """The carrier could not reach a relay, or lost it."""

    code: int = 0
    sub_code: int = 0
    kind: Literal["media_failed"] = "media_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAccepted:
    """Somebody took the caller. `request_id` names the request."""

    request_id: str = ""
    kind: Literal["transfer_accepted"] = "transfer_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """Nobody took the caller, who is still with us."""

    request_id: str = ""
    code: int = 0
    sub_code: int = 0
    kind: Literal["transfer_failed"] = "transfer_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlayed:
    """A prompt file was played to its end, or could not be."""

    ok: bool
    context: str = ""
    kind: Literal["prompt_played"] = "prompt_played"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """The carrier said something that has no meaning for us (yet). Counted, kept."""

    type: str
    kind: Literal["other_event"] = "other_event"


# --- life: the relay, people, our own commands and time -------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A relay has the caller's audio and goes on with the call as number `epoch`."""

    epoch: int
    relay_id: str
    kind: Literal["session_opened"] = "session_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDetached:
    """The relay of `epoch` lost the audio socket, or gave it up (`reason`)."""

    epoch: int
    reason: str = ""
    kind: Literal["media_detached"] = "media_detached"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """The caller is talking to another agent now. A report, never refused."""

    from_agent: str
    to_agent: str
    turn: int = 0
    reason: str = ""
    share_context: bool = True
    kind: Literal["handed_off"] = "handed_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested:
    """An agent promised to connect the caller to `target`, a name from configuration."""

    request_id: str
    target: str
    summary: str = ""
    kind: Literal["transfer_requested"] = "transfer_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpRequested:
    """Somebody on our side wants the call to end: the agent, silence, a person by REST."""

    by: Literal["agent", "silence", "api", "fault", "relay"]
    reason: str = ""
    kind: Literal["hang_up_requested"] = "hang_up_requested"


CommandOutcome = Literal["ok", "gone", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDone:
    """What came of one command of `core.call.step`. `gone`: the call was over already."""

    command_id: str
    command: str
    outcome: CommandOutcome
    code: str = ""
    kind: Literal["command_done"] = "command_done"


class LegState(StrEnum):
    """What the carrier says of a leg when asked."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """We asked the carrier how the leg is, because an event may have been lost.

    `attended`: a relay that is said to have the call has shown itself lately.
    """

    state: LegState
    attended: bool = True
    kind: Literal["reconciled"] = "reconciled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A deadline of the call has passed. `due` (epoch seconds) tells it from its namesakes."""

    deadline: str
    due: float
    kind: Literal["overdue"] = "overdue"


# --- talk -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSaid:
    """A final transcript, reported at once. A turn may have several."""

    turn: int
    text: str
    interrupted: bool = False
    kind: Literal["caller_said"] = "caller_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHeard:
    """What the caller has heard of reply `turn` so far (all of it, not the difference)."""

    turn: int
    agent: str
    text: str
    done: bool = False
    cut: bool = False
    kind: Literal["agent_heard"] = "agent_heard"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """A tool is about to run; with side effects this is acknowledged before it runs."""

    turn: int
    id: str
    name: str
    arguments: Mapping[str, Any]
    key: str = ""
    kind: Literal["tool_started"] = "tool_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """What a tool came to."""

    turn: int
    id: str
    name: str
    ok: bool
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    ms: int = 0
    error: str = ""
    kind: Literal["tool_finished"] = "tool_finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Facts about the caller that agents may use from now on."""

    slots: Mapping[str, Any]
    kind: Literal["remembered"] = "remembered"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """One tool of a turn, as the record shows it."""

    name: str
    arguments: Mapping[str, Any]
    ok: bool
    ms: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffMade:
    """One handoff of a turn, as the record shows it."""

    from_agent: str
    to_agent: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The relay's part of a turn in ms, in order of time; the caller's clock completes it.

    `heard_until`: timestamp of the media frame with which the turn was decided, as the carrier
    wrote it. `stt`: from there to the text. Then first token of the model, tools, first audio of
    the synthesizer, and `sent`: from first audio made to first frame sent.
    """

    heard_until: str = ""
    endpointing: float = 0.0
    stt: float = 0.0
    llm_first_token: float = 0.0
    tool: float = 0.0
    tts_first_audio: float = 0.0
    sent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnDone:
    """One turn, whole: what was said, done and heard, and how long the caller waited."""

    turn: int
    agent: str
    caller: str
    reply: str
    heard: str
    interrupted: bool = False
    tools: tuple[ToolRun, ...] = ()
    handoffs: tuple[HandoffMade, ...] = ()
    latency: Latency = field(default_factory=Latency)
    kind: Literal["turn_done"] = "turn_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStumbled:
    """An engine failed and the caller heard an apology or nothing of it (`spoken`)."""

    engine: Literal["hearing", "thinking", "speaking", "tool"]
    cause: str
    spoken: bool = False
    kind: Literal["engine_stumbled"] = "engine_stumbled"


LifeFact = (
    Offered
    | Answered
    | AnswerRefused
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
    | OtherEvent
    | SessionOpened
    | MediaDetached
    | HandedOff
    | TransferRequested
    | HangUpRequested
    | CommandDone
    | Reconciled
    | Overdue
)
TalkFact = (
    CallerSaid | AgentHeard | ToolStarted | ToolFinished | Remembered | TurnDone | EngineStumbled
)
Fact = LifeFact | TalkFact

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
    TransferRequested,
    HangUpRequested,
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
            return replace(bare, fact=replace(fact, summary=""))
        case HangUpRequested() | MediaDetached() as fact:
            return replace(bare, fact=replace(fact, reason=""))
        case _:
            return bare
