"""A turn that is over, whole, as the record shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


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
    wrote it. `endpointing`: from the end of his speech to that frame, nothing for keys. `stt`:
    from there to the text. Then first token of the model, tools, first audio of the synthesizer,
    and `sent`: from first audio made to first frame sent.
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
