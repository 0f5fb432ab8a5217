"""What a scenario's file may say, and the graph of agents it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from core.agents import (
    AgentSpec,
    Edge,
    GenericHandoff,
    HandoffType,
    RecordingRule,
    Scenario,
    TransferTarget,
)
from core.extraction import ExtractField
from registries.agent_files import Percent
from registries.mistakes import Mistake, did_you_mean
from registries.yaml_files import Shape, merged, read_mapping, shaped

SCENARIOS = Path(__file__).parent / "scenariostore"
NESTED_NAMES = ("scenario.yaml", "orchestration.yaml")


class VoiceOverride(Shape):
    name: str | None = None
    style: str | None = None
    rate: Percent | None = None
    pitch: Percent | None = None


class AgentOverrides(Shape):
    """What a scenario changes in all of its agents."""

    description: str | None = None
    greeting: str | None = None
    return_greeting: str | None = None
    voice: VoiceOverride = VoiceOverride()
    template_vars: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _others_are_variables(cls, given: Any) -> Any:
        """Take other names as template variables, unless they look like a field mistyped."""
        if not isinstance(given, dict):
            return given
        names = cls.model_fields.keys()
        others = {name for name in given if name not in names and not did_you_mean(name, names)}
        variables = {name: given[name] for name in others}
        fields = {name: value for name, value in given.items() if name not in others}
        return merged(fields, {"template_vars": variables}) if variables else fields


class EdgeShape(Shape):
    from_: str = Field(alias="from")
    to: str
    tool: str = ""
    type: HandoffType | None = None
    greet_on_switch: bool | None = None
    share_context: bool = True
    condition: str = ""
    handoff_condition: str = ""
    context_vars: dict[str, Any] = Field(default_factory=dict)
    handoff_context: dict[str, Any] = Field(default_factory=dict)
    farewell: str = ""


class GenericShape(Shape):
    enabled: bool = False
    allowed_targets: tuple[str, ...] = ()
    default_type: HandoffType | None = None
    share_context: bool = True
    require_client_id: bool = False

    @field_validator("require_client_id")
    @classmethod
    def _not_kept(cls, value: bool) -> bool:
        if value:  # a rule that would silently not be kept is worse than none
            raise ValueError("is not supported; give the agent's tools `requires` instead")
        return value


class MachineShape(Shape):
    """What is done when a machine answers a call of ours."""

    voicemail: Literal["", "hang_up", "leave_message", "go_on"] = ""
    menu: Literal["", "hang_up", "go_on"] = ""


class TargetShape(Shape):
    name: str
    description: str = ""


class ExtractShape(Shape):
    type: Literal["text", "number", "boolean", "date"] = "text"
    description: str = ""
    choices: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _choices_are_texts(self) -> Self:
        if self.choices and self.type != "text":
            raise ValueError("choices are for texts; leave out the type")
        return self


class WrapUpShape(Shape):
    extract: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], ExtractShape] = Field(
        default_factory=dict, max_length=40
    )

    def fields(self) -> tuple[ExtractField, ...]:
        return tuple(
            ExtractField(name=name, **shape.model_dump()) for name, shape in self.extract.items()
        )


class ScenarioShape(Shape):
    """The fields of a scenario's YAML."""

    name: str = ""
    description: str = ""
    icon: str = ""
    start_agent: str = ""
    agents: tuple[str, ...] = ()
    agent_defaults: AgentOverrides = AgentOverrides()
    template_vars: dict[str, Any] = Field(default_factory=dict)
    tools: tuple[str, ...] = ()  # of the ART accelerator, which does not use it either
    handoff_type: HandoffType = HandoffType.ANNOUNCED
    handoffs: tuple[EdgeShape, ...] = ()
    generic_handoff: GenericShape = GenericShape()
    transfer_targets: tuple[TargetShape, ...] = ()
    wrap_up: WrapUpShape = WrapUpShape()
    answering_machine: MachineShape = MachineShape()
    recording: RecordingRule = RecordingRule.OFF


def read_scenarios(
    folder: Path, agents: Mapping[str, AgentSpec], mistakes: list[Mistake]
) -> dict[str, Scenario]:
    """Read every scenario of a folder by file (or folder) name; mistakes are added."""
    scenarios: dict[str, Scenario] = {}
    for name, file in scenario_files(folder):
        label = f"{folder.name}/{file.relative_to(folder).as_posix()}"
        if name in scenarios:
            reason = f"a scenario {name!r} is already in {scenarios[name].source}"
            mistakes.append(Mistake(file=label, reason=reason))
            continue
        content = read_mapping(file, label, mistakes)
        shape = None if content is None else shaped(ScenarioShape, content, label, mistakes)
        scenario = None if shape is None else _Builder(name, label, shape, agents, mistakes).build()
        if scenario is not None:
            scenarios[name] = scenario
    return scenarios


def scenario_files(folder: Path) -> Iterable[tuple[str, Path]]:
    """Yield name and file of every scenario: `<name>.yaml`, or a known file in a folder."""
    for path in sorted(folder.iterdir()):
        if path.name[0] in "_.":
            continue
        if path.suffix in (".yaml", ".yml"):
            yield path.stem, path
        for nested in NESTED_NAMES:
            if (path / nested).is_file():
                yield path.name, path / nested


class _Builder:
    """Turns one shape into one scenario; every name in it must be an agent's."""

    def __init__(
        self,
        name: str,
        label: str,
        shape: ScenarioShape,
        agents: Mapping[str, AgentSpec],
        mistakes: list[Mistake],
    ) -> None:
        self._name, self._label, self._shape = name, label, shape
        self._agents = {agent.name.casefold(): agent for agent in agents.values()}
        self._mistakes = mistakes

    def build(self) -> Scenario | None:
        shape, before = self._shape, len(self._mistakes)
        names = list(shape.agents) or [agent.name for agent in self._agents.values()]
        members = [self._agent(name, f"agents.{at}") for at, name in enumerate(names)]
        start = self._member(
            shape.start_agent or (names[0] if names else ""), "start_agent", members
        )
        edges = [self._edge(at, edge, members) for at, edge in enumerate(shape.handoffs)]
        generic = shape.generic_handoff
        allowed = [
            self._member(name, f"generic_handoff.allowed_targets.{at}", members)
            for at, name in enumerate(generic.allowed_targets)
        ]
        if len(self._mistakes) > before:
            return None
        return Scenario(
            name=self._name,
            start_agent=start,
            agents=tuple(_effective(member, shape) for member in members if member),
            edges=tuple(edges),
            generic=GenericHandoff(
                enabled=generic.enabled,
                allowed_targets=tuple(allowed),
                type=generic.default_type or shape.handoff_type,
                share_context=generic.share_context,
            ),
            description=shape.description,
            transfer_targets=tuple(
                TransferTarget(name=target.name, description=target.description)
                for target in shape.transfer_targets
            ),
            template_vars=shape.template_vars,
            extract=shape.wrap_up.fields(),
            on_voicemail=shape.answering_machine.voicemail,
            on_menu=shape.answering_machine.menu,
            recording=shape.recording,
            source=self._label,
        )

    def _agent(self, name: str, field: str) -> AgentSpec | None:
        found = self._agents.get(name.casefold())
        if found is None:
            known = [agent.name for agent in self._agents.values()]
            self._wrong(field, f"there is no agent {name!r}{did_you_mean(name, known)}")
        return found

    def _member(self, name: str, field: str, members: list[AgentSpec | None]) -> str:
        found = self._agent(name, field)
        if found is not None and found not in members:
            self._wrong(field, f"{found.name!r} is not among the scenario's agents")
        return found.name if found else name

    def _edge(self, at: int, edge: EdgeShape, members: list[AgentSpec | None]) -> Edge:
        source = self._member(edge.from_, f"handoffs.{at}.from", members)
        target = self._member(edge.to, f"handoffs.{at}.to", members)
        trigger = self._agents[target.casefold()].handoff_trigger if self._known(target) else ""
        kind = edge.type or self._shape.handoff_type
        if edge.type is None and edge.greet_on_switch is not None:
            kind = HandoffType.ANNOUNCED if edge.greet_on_switch else HandoffType.DISCRETE
        return Edge(
            from_agent=source,
            to_agent=target,
            tool=edge.tool or trigger or f"handoff_{_snake(target)}",
            type=kind,
            share_context=edge.share_context,
            condition=(edge.condition or edge.handoff_condition).strip(),
            context_vars=edge.context_vars or edge.handoff_context,
            farewell=edge.farewell,
        )

    def _known(self, name: str) -> bool:
        return name.casefold() in self._agents

    def _wrong(self, field: str, reason: str) -> None:
        self._mistakes.append(Mistake(file=self._label, field=field, reason=reason))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_")


def _effective(agent: AgentSpec, shape: ScenarioShape) -> AgentSpec:
    """Lay what the scenario says over the agent."""
    over = shape.agent_defaults
    texts = over.model_dump(include={"description", "greeting", "return_greeting"})
    voice = over.voice.model_dump(exclude_none=True)
    return replace(
        agent,
        **{name: text for name, text in texts.items() if text is not None},
        voice=replace(agent.voice, **voice),
        template_vars={**agent.template_vars, **shape.template_vars, **over.template_vars},
    )
