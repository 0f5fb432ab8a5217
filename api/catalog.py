"""What this app can do: its agents, tools and scenarios."""

from __future__ import annotations

import registries
from adapters.plane import Plane
from api import answers
from api.http import Problem, Reply, Request, ok
from core.agents import AgentSpec, Scenario
from core.control_ports import Orchestrations


async def agents(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List the agents."""
    found = registries.discover_agents()
    return ok(answers.AgentList(agents=[_agent(agent) for _, agent in sorted(found.items())]))


async def tools(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List the tools."""
    listed: list[answers.ToolLine] = [
        {
            "name": tool.name,
            "description": tool.description,
            "parameters": dict(tool.parameters),
            "side_effects": tool.side_effects,
            "tags": sorted(tool.tags),
        }
        for tool in registries.list_tools()
    ]
    return ok(answers.ToolList(tools=listed))


async def scenarios(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List the scenarios."""
    loaded = [registries.load_scenario(name) for name in registries.list_scenarios()]
    return ok(answers.ScenarioList(scenarios=[_scenario(scenario) for scenario in loaded]))


async def scenario(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Show a scenario: its agents, and who may hand to whom."""
    name = request.params["name"]
    if name not in registries.list_scenarios():
        raise Problem(404, "no such scenario")
    found = registries.load_scenario(name)
    edges: list[answers.HandoffEdge] = [
        {"from": edge.from_agent, "to": edge.to_agent, "type": edge.type.value}
        for edge in found.edges
    ]
    return ok(answers.ScenarioShown(**_scenario(found), handoffs=edges))


def _agent(agent: AgentSpec) -> answers.AgentLine:
    return {
        "name": agent.name,
        "description": agent.description,
        "tools": list(agent.tools),
        "voice": agent.voice.name,
        "handoff_trigger": agent.handoff_trigger,
    }


def _scenario(scenario: Scenario) -> answers.ScenarioLine:
    return {
        "name": scenario.name,
        "description": scenario.description,
        "start_agent": scenario.start_agent,
        "agents": [agent.name for agent in scenario.agents],
        "transfer_targets": [target.name for target in scenario.transfer_targets],
    }
