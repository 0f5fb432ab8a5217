"""What a call is held with: its settings, and the engines all calls of a process share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.agents import Scenario
from core.answering import AnsweringRules
from core.endpointing import EndpointSettings
from core.handoff import HandoffLimits
from core.phrases import PHRASES, Phrases
from core.ports import Chat, Hearing, Speaking, TurnJudge
from core.turn import TurnSettings
from media_relay.playout import PlayoutSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingSettings:
    """`token_s`: the longest wait for the next event of a model that is thinking."""

    token_s: float = 8.0
    max_rounds: int = 5
    handoffs: HandoffLimits = field(default_factory=HandoffLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSettings:
    """Seconds. `record_s`: how long the note of a side effect may take to be stored.

    `filler_s`, `again_s`: of silence until the caller is told that one is at work, and still is.
    """

    record_s: float = 3.0
    filler_s: float = 1.2  # longer silence sounds like a dead line
    again_s: float = 5.0
    grace_s: float = 0.5  # a tool keeps its own time limit; this is for one that does not


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """How calls are held, in seconds. `about_s`: for looking up a caller before the greeting.

    `sound_after_s`: of waiting until an agent's waiting sound begins. `heard_every_s`: between
    two reports of what was heard.

    `speak_s`: without audio from a synthesizer. `after_close_s`: until a call that was asked to
    end is let go of. `tools_s`: for started tools once the call is over.
    """

    turn: TurnSettings = field(default_factory=TurnSettings)
    answering: AnsweringRules = field(default_factory=AnsweringRules)
    endpointing: EndpointSettings = field(default_factory=EndpointSettings)
    playout: PlayoutSettings = field(default_factory=PlayoutSettings)
    thinking: ThinkingSettings = field(default_factory=ThinkingSettings)
    tools: ToolSettings = field(default_factory=ToolSettings)
    phrases: Mapping[str, Phrases] = field(default_factory=lambda: PHRASES)
    about_s: float = 0.5
    sound_after_s: float = 0.8
    heard_every_s: float = 0.5
    speak_s: float = 5.0
    after_close_s: float = 10.0
    tools_s: float = 10.0


def answering_of(rules: AnsweringRules, scenario: Scenario) -> AnsweringRules:
    """Return what is done about machines in calls of this scenario."""
    own = {"voicemail": scenario.on_voicemail, "menu": scenario.on_menu}
    given = {name: value for name, value in own.items() if value}
    speech = scenario.agent(scenario.start_agent).speech
    languages = (speech.language, *speech.languages)
    return replace(rules, languages=languages, **given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What hears, thinks and speaks, shared by all calls of a process.

    `hearing_tries`: streams that fail in a row before a caller cannot be heard.
    `judge`: of the sound of a pause; None where words and silence decide alone.
    """

    hearing: Hearing
    chat: Chat
    speaking: Speaking
    hearing_tries: int = 2
    judge: TurnJudge | None = None
