"""What is spoken and done in the turns of a call. Kept, and never decided upon by the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSaid:
    """A final transcript, reported at once. A turn may have several.

    `corrects`: it stands for the last one of its turn, which was taken before it was final.
    `keys`: it was pressed.
    """

    turn: int
    text: str
    interrupted: bool = False
    corrects: bool = False
    keys: bool = False
    kind: Literal["caller_said"] = "caller_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRecognised:
    """The caller speaks this language (a tag like `de-DE`) from now on."""

    language: str
    kind: Literal["language_recognised"] = "language_recognised"


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
class DigitsWanted:
    """The next keys belong to a tool; see `core.tools.CollectDigits`."""

    agent: str
    then: str
    into: str = "digits"
    given: Mapping[str, Any] = field(default_factory=dict)
    max_digits: int = 16
    terminator: str = "#"
    pause_s: float | None = None
    secret: bool = False
    kind: Literal["digits_wanted"] = "digits_wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """Facts about the caller that agents may use from now on."""

    slots: Mapping[str, Any]
    kind: Literal["remembered"] = "remembered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefed:
    """What an agent is told before a call that we make: why, and what was said before."""

    text: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["briefed"] = "briefed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksDropped:
    """The caller wants none of the calls that were promised to this number."""

    kind: Literal["callbacks_dropped"] = "callbacks_dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCall:
    """We make this call for a campaign, which wants to know when it is over."""

    campaign_id: str
    target: int
    kind: Literal["campaign_call"] = "campaign_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTold:
    """The agent begins to tell the caller, in a turn of its own, what was decided."""

    turn: int
    request_id: str
    kind: Literal["approval_told"] = "approval_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredBy:
    """Who answered a call that we made, what told so, and what is done about it."""

    who: Literal["person", "voicemail", "menu", "nobody"]
    by: Literal["words", "length", "beep", "silence"]
    action: Literal["", "hang_up", "leave_message", "go_on"] = ""
    kind: Literal["answered_by"] = "answered_by"


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
    wrote it. `endpointing`: from the end of his speech to that frame. `stt`: from there to the
    text. Then first token of the model, tools, first audio of the synthesizer, and `sent`: from
    first audio made to first frame sent.
    """

    heard_until: str = ""
    endpointing: float = 0.0
    stt: float = 0.0
    llm_first_token: float = 0.0
    tool: float = 0.0
    tts_first_audio: float = 0.0
    sent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the language model cost in a turn: requests and tokens.

    `cached_tokens` are part of `input_tokens`, `reasoning_tokens` of `output_tokens`.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnDone:
    """One turn, whole: what was said, done and heard, and how long the caller waited.

    `engines`: who heard, thought or spoke in it where that was not the first of its chain.
    `partials_ms`: when the recognizer had a guess, in ms before the turn was decided.
    """

    turn: int
    agent: str
    caller: str
    reply: str
    heard: str
    interrupted: bool = False
    tools: tuple[ToolRun, ...] = ()
    handoffs: tuple[HandoffMade, ...] = ()
    latency: Latency = field(default_factory=Latency)
    partials_ms: tuple[int, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict)
    usage: Usage = Usage()
    wasted: int = 0
    kind: Literal["turn_done"] = "turn_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStumbled:
    """An engine failed and the caller heard an apology or nothing of it (`spoken`).

    `name` is the engine's in its chain, where another one did its work.
    """

    engine: Literal["hearing", "thinking", "speaking", "tool"]
    cause: str
    spoken: bool = False
    name: str = ""
    kind: Literal["engine_stumbled"] = "engine_stumbled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """A content filter refused the caller's words (`prompt`) or the model's (`reply`)."""

    turn: int
    what: Literal["prompt", "reply"]
    kind: Literal["filtered"] = "filtered"
