"""An agent and a scenario as data: who speaks, with which tools, and who may hand to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.extraction import ExtractField
from core.speech import Voice
from core.waiting_sound import WaitingSound


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which model thinks for an agent, and how. Unset fields are the provider's default."""

    deployment_id: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str = ""
    verbosity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSpec:
    """How an agent listens. `languages`: others its callers may speak, beside `language`.

    `semantic`: an utterance ends by what it means too, where the engine can tell. `endpointing`:
    `adaptive` or `fixed`, empty for the relay's setting; `vad_silence_timeout_ms` is the silence
    that usually ends a turn, the other two its bounds (0: the relay's). `vad_threshold`: what is
    speech, `barge_in_*`: how much of it or how many words interrupt, `backchannels`: "mhm" does
    not; None for the relay's.
    """

    language: str = "en-US"
    vad_silence_timeout_ms: int = 400
    hints: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    semantic: bool = False
    vad_threshold: float | None = None
    endpointing: str = ""
    min_silence_ms: int = 0
    max_silence_ms: int = 0
    barge_in_words: int | None = None
    barge_in_ms: int | None = None
    backchannels: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallTalk:
    """An answer of the scripted brain that needs no tool."""

    examples: tuple[str, ...]
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceSpec:
    """What becomes of a caller who says nothing: after `after_s` seconds (0: the relay's own) each
    of `prompts` in turn (None: the relay's own), then `goodbye`, and the call ends.
    """

    after_s: float = 0.0
    prompts: tuple[str, ...] | None = None
    goodbye: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """One agent. `prompt`, `greeting`, `return_greeting` and `voicemail_message` are Jinja source.

    `examples` are things callers say who want this agent; `small_talk` and `fallback` are for the
    scripted brain. `voices`: others for languages beside its own. `waiting_sound` is heard while an
    answer is being made. `realtime_model` and `session` are for speech-to-speech models.
    """

    name: str
    prompt: str
    description: str = ""
    greeting: str = ""
    return_greeting: str = ""
    voicemail_message: str = ""
    handoff_trigger: str = ""
    tools: tuple[str, ...] = ()
    model: ModelSpec = ModelSpec()
    voice: Voice = field(default_factory=Voice)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    speech: SpeechSpec = SpeechSpec()
    template_vars: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    small_talk: tuple[SmallTalk, ...] = ()
    fallback: str = ""
    silence: SilenceSpec = SilenceSpec()
    waiting_sound: WaitingSound = WaitingSound.NONE
    realtime_model: ModelSpec | None = None
    session: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


class HandoffType(StrEnum):
    """Announced: the new agent greets. Discrete: it just goes on."""

    ANNOUNCED = "announced"
    DISCRETE = "discrete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One allowed handoff. `tool` is the name a model calls for it."""

    from_agent: str
    to_agent: str
    tool: str
    type: HandoffType = HandoffType.ANNOUNCED
    share_context: bool = True
    condition: str = ""
    context_vars: Mapping[str, Any] = field(default_factory=dict)
    farewell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericHandoff:
    """Rules for `handoff_to_agent`. Empty `allowed_targets`: every agent of the scenario."""

    enabled: bool = False
    allowed_targets: tuple[str, ...] = ()
    type: HandoffType = HandoffType.ANNOUNCED
    share_context: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTarget:
    """A person or a desk that callers may be connected to; the number stays in configuration."""

    name: str
    description: str = ""


class RecordingRule(StrEnum):
    """Whether calls are recorded. Ask: of who says yes. Announce: of who talks on, once told."""

    OFF = "off"
    ASK = "ask"
    ANNOUNCE = "announce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A graph of agents: who starts, who may hand to whom. Agents hold their effective fields.

    `extract`: what is to be found out about every call when it is over. `on_voicemail`, `on_menu`:
    what is done when a machine answers a call of ours; empty for the relay's setting.
    """

    name: str
    start_agent: str
    agents: tuple[AgentSpec, ...]
    edges: tuple[Edge, ...] = ()
    generic: GenericHandoff = GenericHandoff()
    description: str = ""
    transfer_targets: tuple[TransferTarget, ...] = ()
    template_vars: Mapping[str, Any] = field(default_factory=dict)
    extract: tuple[ExtractField, ...] = ()
    on_voicemail: str = ""
    on_menu: str = ""
    recording: RecordingRule = RecordingRule.OFF
    source: str = ""

    def agent(self, name: str) -> AgentSpec:
        """Return an agent by name, whatever its case. Raises KeyError."""
        wanted = name.casefold()
        for agent in self.agents:
            if agent.name.casefold() == wanted:
                return agent
        raise KeyError(name)

    def edges_from(self, name: str) -> tuple[Edge, ...]:
        """Return the handoffs that `name` may make."""
        return tuple(edge for edge in self.edges if edge.from_agent == name)
