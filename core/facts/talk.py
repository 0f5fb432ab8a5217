"""What is spoken and done in the turns of a call. Kept, and never decided upon by the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.facts.turn import TurnDone
from core.tools import CallEffect


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
    """What the caller has heard of an agent in a turn so far (all of it, not the difference).

    `cut`: he interrupted the end of it; `cuts`: after how many characters he interrupted earlier
    replies of the same turn.
    """

    turn: int
    agent: str
    text: str
    done: bool = False
    cut: bool = False
    cuts: tuple[int, ...] = ()
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
    """What a tool came to. `effects`: what it still asks of the call, whichever relay has it."""

    turn: int
    id: str
    name: str
    ok: bool
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    ms: int = 0
    error: str = ""
    effects: tuple[CallEffect, ...] = ()
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
    """Facts about the caller that agents may use from now on.

    `agent`: who asked the tool that found them out, if another has the caller by now.
    """

    slots: Mapping[str, Any]
    agent: str = ""
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
class EngineStumbled:
    """An engine failed and the caller heard an apology or nothing of it (`spoken`).

    `name` is the engine's in its chain, where another one did its work. `cause`: a `Cause`, the
    error of a tool, or `length` where a reply reached its limit of tokens.
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


TalkFact = (
    CallerSaid
    | LanguageRecognised
    | AgentHeard
    | ToolStarted
    | ToolFinished
    | DigitsWanted
    | Remembered
    | Briefed
    | CallbacksDropped
    | CampaignCall
    | ApprovalTold
    | AnsweredBy
    | TurnDone
    | EngineStumbled
    | Filtered
)
