"""Which tools an agent really has in a scenario: its own, and one per handoff it may make."""

from __future__ import annotations

from typing import Any

from core.agents import AgentSpec, Scenario
from core.tools import ToolSpec
from registries.prompts import generic_targets
from registries.tools import HANDOFF, TOOLS, ToolRegistry, list_tools

GENERIC = "handoff_to_agent"

_REASON = {"type": "string", "description": "Why the caller needs this colleague, in a few words."}
_CONTEXT = {"type": "object", "description": "What the colleague should know, as short facts."}


def tools_for(
    scenario: Scenario, agent: AgentSpec | str, *, registry: ToolRegistry = TOOLS
) -> tuple[ToolSpec, ...]:
    """Return the tools of an agent; handoff tools carry the tag `handoff` and are never run.

    A tool that this process does not have (an older scenario, newer code) is left out.
    """
    spec = scenario.agent(agent) if isinstance(agent, str) else agent
    known = {tool.name: tool for tool in list_tools(registry)}
    own = tuple(known[name] for name in spec.tools if name in known)
    edges = tuple(
        _handoff_tool(edge.tool, scenario.agent(edge.to_agent), edge.condition)
        for edge in scenario.edges_from(spec.name)
    )
    return (*own, *edges, *_generic_tool(scenario, spec.name))


def _handoff_tool(name: str, target: AgentSpec, condition: str) -> ToolSpec:
    what = f"Hand the caller to {target.name}. {condition or target.description}"
    return ToolSpec(
        name=name,
        description=" ".join(what.split()),
        parameters=_parameters({}),
        examples=target.examples,
        tags=frozenset({HANDOFF}),
    )


def _generic_tool(scenario: Scenario, agent: str) -> tuple[ToolSpec, ...]:
    targets = generic_targets(scenario, agent)
    if not targets:
        return ()
    target = {"type": "string", "enum": list(targets), "description": "The colleague's name."}
    return (
        ToolSpec(
            name=GENERIC,
            description="Hand the caller to another colleague when no other handoff tool fits.",
            parameters=_parameters({"target_agent": target}),
            tags=frozenset({HANDOFF}),
        ),
    )


def _parameters(first: dict[str, Any]) -> dict[str, Any]:
    properties = {**first, "reason": _REASON, "context": _CONTEXT}
    return {
        "type": "object",
        "properties": properties,
        "required": [*first, "reason"],
        "additionalProperties": False,
    }
