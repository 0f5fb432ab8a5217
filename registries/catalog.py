"""All agents, scenarios and tools together: loaded once, checked against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core.agents import AgentSpec, Scenario
from registries.agent_files import AGENTS, read_agents
from registries.handoff_tools import GENERIC
from registries.mistakes import CatalogError, Mistake, did_you_mean
from registries.prompts import (
    PASSED_ON_VARIABLES,
    SPOKEN_VARIABLES,
    generic_targets,
    syntax_mistakes,
    template_mistakes,
    variables_of,
)
from registries.scenario_files import SCENARIOS, read_scenarios
from registries.tools import TOOLS, TRANSFER, ToolRegistry, list_tools, toolstore_mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What calls may run on. Everything in it has been checked."""

    agents: Mapping[str, AgentSpec]
    scenarios: Mapping[str, Scenario]


def load_catalog(
    *, agents: Path = AGENTS, scenarios: Path = SCENARIOS, registry: ToolRegistry = TOOLS
) -> Catalog:
    """Read and check everything. Raises `CatalogError` with every mistake there is."""
    mistakes: list[Mistake] = []
    list_tools(registry)
    if registry is TOOLS:
        mistakes += toolstore_mistakes()
    mistakes += [
        Mistake(file=tool.source, field=f"{tool.spec.name}.say", reason=reason)
        for tool in registry
        for reason in syntax_mistakes(tool.spec.say)
    ]
    read = read_agents(agents, mistakes)
    graphs = read_scenarios(scenarios, read, mistakes)
    handoffs = {agent.handoff_trigger for agent in read.values()}
    handoffs |= {edge.tool for graph in graphs.values() for edge in graph.edges}
    used = {agent.name for graph in graphs.values() for agent in graph.agents}
    for agent in read.values():
        mistakes += _tool_mistakes(agent, registry, handoffs)
        mistakes += () if agent.name in used else _text_mistakes(agent)
    for graph in graphs.values():
        mistakes += _graph_mistakes(graph, registry)
        mistakes += [mistake for agent in graph.agents for mistake in _text_mistakes(agent)]
    if mistakes:
        raise CatalogError(mistakes)
    return Catalog(
        agents={name: _without_handoffs(agent, registry) for name, agent in read.items()},
        scenarios={
            name: replace(
                graph, agents=tuple(_without_handoffs(agent, registry) for agent in graph.agents)
            )
            for name, graph in graphs.items()
        },
    )


@cache
def shipped() -> Catalog:
    """Return the catalog of this installation, read once. Raises `CatalogError`."""
    return load_catalog()


def discover_agents(folder: Path = AGENTS) -> dict[str, AgentSpec]:
    """Return the agents of a folder by name, unrelated to any scenario. Raises `CatalogError`."""
    if folder == AGENTS:
        return dict(shipped().agents)
    mistakes: list[Mistake] = []
    agents = read_agents(folder, mistakes)
    list_tools()
    for agent in agents.values():
        mistakes += _tool_mistakes(
            agent, TOOLS, {other.handoff_trigger for other in agents.values()}
        )
        mistakes += _text_mistakes(agent)
    if mistakes:
        raise CatalogError(mistakes)
    return {name: _without_handoffs(agent, TOOLS) for name, agent in agents.items()}


def list_scenarios() -> list[str]:
    """Return the names of all scenarios."""
    return sorted(shipped().scenarios)


def load_scenario(name: str) -> Scenario:
    """Return a scenario with effective agents. Raises `CatalogError`, also when it is unknown."""
    scenarios = shipped().scenarios
    if name not in scenarios:
        reason = f"there is no scenario {name!r}{did_you_mean(name, scenarios)}"
        raise CatalogError([Mistake(file="scenariostore", reason=reason)])
    return scenarios[name]


def get_scenario_agents(name: str) -> dict[str, AgentSpec]:
    """Return the effective agents of a scenario by name. Raises `CatalogError`."""
    return {agent.name: agent for agent in load_scenario(name).agents}


# --- checks across files --------------------------------------------------------------------------


def _tool_mistakes(
    agent: AgentSpec, registry: ToolRegistry, handoffs: set[str]
) -> Iterator[Mistake]:
    known = {tool.spec.name for tool in registry} | handoffs
    for at, name in enumerate(agent.tools):
        if name not in known:
            reason = f"there is no tool {name!r}{did_you_mean(name, known)}"
            yield Mistake(file=agent.source, field=f"tools.{at}", reason=reason)


def _without_handoffs(agent: AgentSpec, registry: ToolRegistry) -> AgentSpec:
    """Drop handoff tools that an agent lists: the scenario's edges decide about those."""
    return replace(agent, tools=tuple(name for name in agent.tools if name in registry))


def _text_mistakes(agent: AgentSpec) -> Iterator[Mistake]:
    prompt_variables = variables_of(agent, {})
    spoken = {**SPOKEN_VARIABLES, **prompt_variables}
    texts = [
        ("prompt", agent.prompt, prompt_variables),
        ("greeting", agent.greeting, prompt_variables),
        ("return_greeting", agent.return_greeting, prompt_variables),
        ("voicemail_message", agent.voicemail_message, prompt_variables),
        ("fallback", agent.fallback, spoken),
        *((f"small_talk.{at}.say", t.say, spoken) for at, t in enumerate(agent.small_talk)),
    ]
    for field, source, variables in texts:
        for reason in template_mistakes(source, variables):
            yield Mistake(file=agent.source, field=field, reason=reason)


def _graph_mistakes(graph: Scenario, registry: ToolRegistry) -> Iterator[Mistake]:
    def wrong(field: str, reason: str) -> Mistake:
        return Mistake(file=graph.source, field=field, reason=reason)

    pairs = Counter((edge.from_agent, edge.to_agent) for edge in graph.edges)
    names = Counter((edge.from_agent, edge.tool) for edge in graph.edges)
    for at, edge in enumerate(graph.edges):
        field, tool = f"handoffs.{at}", edge.tool
        if edge.from_agent == edge.to_agent:
            yield wrong(field, f"{edge.from_agent} can not hand over to itself")
        if pairs[edge.from_agent, edge.to_agent] > 1:
            yield wrong(field, f"{edge.from_agent} to {edge.to_agent} is written twice")
        elif names[edge.from_agent, tool] > 1:
            yield wrong(f"{field}.tool", f"two handoffs of {edge.from_agent} are called {tool!r}")
        own = variables_of(graph.agent(edge.from_agent), {})
        variables = {**PASSED_ON_VARIABLES, **own}
        texts = {**edge.context_vars, "farewell": edge.farewell}
        for name, source in texts.items():
            for reason in template_mistakes(source, variables) if isinstance(source, str) else ():
                yield wrong(f"{field}.{name}", reason)
        if not tool.isidentifier() or tool in registry or tool == GENERIC:
            yield wrong(f"{field}.tool", f"{tool!r} is taken or is not a name")
    for name in _unreachable(graph):
        yield wrong("agents", f"{name} can not be reached from {graph.start_agent}")
    yield from _transfer_mistakes(graph, registry)


def _unreachable(graph: Scenario) -> Iterable[str]:
    reached, waiting = {graph.start_agent}, [graph.start_agent]
    while waiting:
        here = waiting.pop()
        targets = {edge.to_agent for edge in graph.edges_from(here)}
        new = (targets | set(generic_targets(graph, here))) - reached
        reached |= new
        waiting += sorted(new)
    return [agent.name for agent in graph.agents if agent.name not in reached]


def _transfer_mistakes(graph: Scenario, registry: ToolRegistry) -> Iterator[Mistake]:
    targets = {target.name for target in graph.transfer_targets}
    for agent in graph.agents:
        for name in agent.tools:
            tool = registry.get(name)
            tags = tool.spec.tags if tool else frozenset()
            wanted = {tag.removeprefix(TRANSFER) for tag in tags if tag.startswith(TRANSFER)}
            for target in sorted(wanted - targets):
                reason = f"{agent.name}'s {name} transfers to {target!r}, which is not listed"
                yield Mistake(file=graph.source, field="transfer_targets", reason=reason)
