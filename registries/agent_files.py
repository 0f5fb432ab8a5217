"""What an agent's file may say, and the agent it means.

An agent is a folder with `agent.yaml` and its prompt beside it, or one YAML file with the prompt
in it. `_defaults.yaml` lies under every agent, field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from core.agents import AgentSpec, ModelSpec, SilenceSpec, SmallTalk, SpeechSpec
from core.speech import Voice
from core.waiting_sound import WaitingSound
from registries.mistakes import Mistake
from registries.yaml_files import Shape, merged, read_mapping, read_text, shaped

AGENTS = Path(__file__).parent / "agentstore"
PROMPT_FILES = ("prompt.jinja", "prompt.md", "prompt.txt")

Percent = Annotated[str, StringConstraints(pattern=r"^[+-]\d{1,3}%$")]
_TAG = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"  # of a language, like de-DE
Language = Annotated[str, StringConstraints(pattern=f"^{_TAG}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][\w-]{0,63}$")]


def _level(value: Any) -> Any:
    """Read a level by name; the number 0 is how older files say "not set"."""
    return "" if value == 0 and not isinstance(value, str) else value


class HandoffShape(Shape):
    trigger: str = ""
    is_entry_point: bool = False


class ModelShape(Shape):
    """`model`, with what the ART accelerator's files say of one and no provider here takes."""

    deployment_id: str = ""
    name: str = ""
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    reasoning_effort: str = ""
    verbosity: Annotated[str, BeforeValidator(_level)] = ""
    min_p: float | None = None
    typical_p: float | None = None
    include_reasoning: bool = False
    store: bool | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    response_format: Any = None
    endpoint_preference: str = ""
    api_version: str = ""
    model_family: str = ""


class VoiceShape(Shape):
    name: str = ""
    type: Annotated[str, StringConstraints(pattern="^azure-(standard|custom)$")] = "azure-standard"
    style: str = ""
    rate: Percent = "+0%"
    pitch: Percent = "+0%"
    endpoint_id: str = ""


class SpeechShape(Shape):
    language: Annotated[str, StringConstraints(pattern=f"^({_TAG})?$")] = ""
    candidate_languages: tuple[Language, ...] = ()
    vad_silence_timeout_ms: int = Field(default=400, ge=100, le=5000)
    endpointing: Annotated[str, StringConstraints(pattern="^(adaptive|fixed)?$")] = ""
    min_silence_ms: int = Field(default=0, ge=0, le=5000)
    max_silence_ms: int = Field(default=0, ge=0, le=10000)
    vad_threshold: float | None = Field(default=None, ge=0.1, le=0.95)
    barge_in_words: int | None = Field(default=None, ge=1, le=20)
    barge_in_ms: int | None = Field(default=None, ge=100, le=10_000)
    backchannels: bool | None = None
    hints: tuple[str, ...] = ()
    use_semantic_segmentation: bool = False
    # From files of the ART accelerator; the engines here have no such switch.
    enable_diarization: bool = False
    speaker_count_hint: int = 0
    recognition: dict[str, Any] = Field(default_factory=dict)
    synthesis: dict[str, Any] = Field(default_factory=dict)
    vad: dict[str, Any] = Field(default_factory=dict)


class PromptsShape(Shape):
    path: str = ""
    content: str = ""


class SmallTalkShape(Shape):
    examples: tuple[str, ...] = Field(min_length=1)
    say: str


class SilenceShape(Shape):
    after_s: float = Field(default=0, ge=0, le=600)
    prompts: tuple[str, ...] | None = None
    goodbye: str = ""


class AgentShape(Shape):
    """The fields of `agent.yaml`."""

    name: Name
    description: str = ""
    greeting: str = ""
    return_greeting: str = ""
    voicemail_message: str = ""
    handoff: HandoffShape = HandoffShape()
    handoff_trigger: str = ""
    model: ModelShape = ModelShape()
    cascade_model: ModelShape | None = None
    voicelive_model: ModelShape | None = None
    voice: VoiceShape = VoiceShape()
    voices: dict[Language, VoiceShape] = Field(default_factory=dict)
    speech: SpeechShape = SpeechShape()
    session: dict[str, Any] = Field(default_factory=dict)
    tools: tuple[str, ...] = ()
    prompts: PromptsShape = PromptsShape()
    prompt: str = ""
    prompt_template_path: str = ""
    template_vars: dict[str, Any] = Field(default_factory=dict)
    metadata: dict[str, Any] = Field(default_factory=dict)
    examples: tuple[str, ...] = ()
    small_talk: tuple[SmallTalkShape, ...] = ()
    fallback: str = ""
    silence: SilenceShape = SilenceShape()
    waiting_sound: WaitingSound = WaitingSound.NONE


def read_agents(folder: Path, mistakes: list[Mistake]) -> dict[str, AgentSpec]:
    """Read every agent of a folder by name; what can not be read is added to `mistakes`."""
    defaults_file = folder / "_defaults.yaml"
    defaults: Mapping[str, Any] = {}
    if defaults_file.exists():
        defaults = read_mapping(defaults_file, f"{folder.name}/_defaults.yaml", mistakes) or {}
    agents: dict[str, AgentSpec] = {}
    for file in agent_files(folder):
        agent = _read_agent(folder, file, defaults, mistakes)
        if agent is None:
            continue
        same = next(
            (a for a in agents.values() if a.name.casefold() == agent.name.casefold()), None
        )
        if same is not None:
            reason = f"an agent {agent.name!r} is already in {same.source}"
            mistakes.append(Mistake(file=agent.source, field="name", reason=reason))
            continue
        agents[agent.name] = agent
    return agents


def agent_files(folder: Path) -> list[Path]:
    """Return the files that describe agents; names that begin with `_` or `.` are skipped."""
    visible = [path for path in sorted(folder.iterdir()) if path.name[0] not in "_."]
    single = [path for path in visible if path.suffix in (".yaml", ".yml")]
    nested = [path / "agent.yaml" for path in visible if (path / "agent.yaml").is_file()]
    return single + nested


def _read_agent(
    folder: Path, file: Path, defaults: Mapping[str, Any], mistakes: list[Mistake]
) -> AgentSpec | None:
    label = f"{folder.name}/{file.relative_to(folder).as_posix()}"
    content = read_mapping(file, label, mistakes)
    if content is None:
        return None
    if isinstance(content.get("agent"), dict):  # the older form nests the name
        content = merged(content.pop("agent"), content)
    own_name = file.parent.name if file.name == "agent.yaml" else file.stem
    shape = shaped(AgentShape, merged({"name": own_name, **defaults}, content), label, mistakes)
    if shape is None:
        return None
    prompt = _prompt(file, shape, label, mistakes)
    return None if prompt is None else _agent(shape, prompt, label)


def _prompt(file: Path, shape: AgentShape, label: str, mistakes: list[Mistake]) -> str | None:
    """Find the prompt: named file, text in the YAML, or a file with a known name beside it."""
    inline = shape.prompts.content or shape.prompt
    path = shape.prompts.path or shape.prompt_template_path
    if not path and inline.endswith((".jinja", ".md", ".txt")) and "\n" not in inline:
        path, inline = inline, ""
    if not path and not inline and file.name == "agent.yaml":
        path = next((name for name in PROMPT_FILES if (file.parent / name).is_file()), "")
    if path:
        beside = (file.parent / path).resolve()
        if not beside.is_relative_to(file.parent.resolve()) or not beside.is_file():
            reason = f"there is no file {path!r} beside the agent"
            mistakes.append(Mistake(file=label, field="prompts.path", reason=reason))
            return None
        inline = read_text(beside, label, mistakes) or ""
    if not inline.strip():
        reason = "the agent has no prompt (write `prompts.content` or a prompt.jinja beside it)"
        mistakes.append(Mistake(file=label, field="prompts", reason=reason))
        return None
    return inline


def _agent(shape: AgentShape, prompt: str, source: str) -> AgentSpec:
    candidates = tuple(dict.fromkeys(shape.speech.candidate_languages))
    language = next(filter(None, (shape.speech.language, *candidates, "en-US")))
    return AgentSpec(
        name=shape.name,
        prompt=prompt,
        description=shape.description,
        greeting=shape.greeting,
        return_greeting=shape.return_greeting,
        voicemail_message=shape.voicemail_message,
        handoff_trigger=shape.handoff.trigger or shape.handoff_trigger,
        tools=tuple(dict.fromkeys(shape.tools)),
        model=_model(shape.cascade_model or shape.model),
        voice=Voice(**shape.voice.model_dump()),
        voices={
            language: Voice(**{**shape.voice.model_dump(), **own.model_dump(exclude_unset=True)})
            for language, own in shape.voices.items()
        },
        speech=SpeechSpec(
            language=language,
            vad_silence_timeout_ms=shape.speech.vad_silence_timeout_ms,
            endpointing=shape.speech.endpointing,
            min_silence_ms=shape.speech.min_silence_ms,
            max_silence_ms=shape.speech.max_silence_ms,
            vad_threshold=shape.speech.vad_threshold,
            barge_in_words=shape.speech.barge_in_words,
            barge_in_ms=shape.speech.barge_in_ms,
            backchannels=shape.speech.backchannels,
            hints=tuple(shape.speech.hints),
            languages=tuple(each for each in candidates if each != language),
            semantic=shape.speech.use_semantic_segmentation,
        ),
        template_vars=shape.template_vars,
        examples=tuple(shape.examples),
        small_talk=tuple(
            SmallTalk(examples=tuple(talk.examples), say=talk.say) for talk in shape.small_talk
        ),
        fallback=shape.fallback,
        silence=SilenceSpec(**shape.silence.model_dump()),
        waiting_sound=shape.waiting_sound,
        realtime_model=_model(shape.voicelive_model) if shape.voicelive_model else None,
        session=shape.session,
        metadata=shape.metadata,
        source=source,
    )


def _model(shape: ModelShape) -> ModelSpec:
    fields = shape.model_dump(include={field.name for field in dataclass_fields(ModelSpec)})
    return ModelSpec(**{**fields, "deployment_id": shape.deployment_id or shape.name})
