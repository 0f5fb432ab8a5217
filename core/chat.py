"""One request to a model and what streams back, whoever the provider is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.agents import AgentSpec
from core.served import ServedBy, Working
from core.tools import ToolCall, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSaid:
    """The caller's words."""

    text: str
    role: Literal["user"] = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSaid:
    """What the caller really heard of an agent in one turn; `cut` when he interrupted its end.

    `cuts`: after how many characters earlier replies of the turn were interrupted.
    """

    text: str
    agent: str = ""
    cut: bool = False
    cuts: tuple[int, ...] = ()
    role: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsCalled:
    """The model asked for these tools (its own message in the history)."""

    calls: tuple[ToolCall, ...]
    role: Literal["tools_called"] = "tools_called"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned:
    """One tool's answer. `data` serves the scripted brain's templates."""

    call_id: str
    name: str
    text: str
    ok: bool = True
    data: Mapping[str, Any] = field(default_factory=dict)
    role: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the model must know that nobody said (a handoff, an interruption, a whisper).

    `say`: how it may be told to the caller, where he is to be told of it.
    """

    text: str
    say: str = ""
    role: Literal["note"] = "note"


Message = UserSaid | AgentSaid | ToolsCalled | ToolReturned | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """Everything a brain needs for one step: who speaks, what was said, what it may do.

    `slots` are the facts remembered about this caller.
    """

    agent: AgentSpec
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a request goes to: `provider` in the words of OpenTelemetry, and the model asked for."""

    provider: str
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """More of the reply."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    """A complete tool call, however fragmented it came."""

    call: ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The model is done with this step. `cached_tokens` are part of `input_tokens`, and
    `reasoning_tokens` of `output_tokens`. `filtered`: what the service's content filter refused.
    """

    reason: Literal["stop", "tool_calls", "length", "content_filter"] = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    model: str = ""
    filtered: Literal["", "prompt", "reply"] = ""


ChatEvent = TextDelta | ToolCalled | Finished | ServedBy | Working
