"""Agents, tools and scenarios: what a developer drops in, and how the system finds it."""

from registries.catalog import (
    Catalog,
    discover_agents,
    get_scenario_agents,
    list_scenarios,
    load_catalog,
    load_scenario,
)
from registries.context import ToolContext, known_caller
from registries.handoff_tools import tools_for
from registries.mistakes import CatalogError, Mistake
from registries.prompts import (
    RenderFailed,
    render_farewell,
    render_greeting,
    render_prompt,
    render_values,
    render_voicemail,
)
from registries.running import longest_s, run_approved, run_tool
from registries.tools import ToolRegistry, list_tools, register_tool

__all__ = [
    "Catalog",
    "CatalogError",
    "Mistake",
    "RenderFailed",
    "ToolContext",
    "ToolRegistry",
    "discover_agents",
    "get_scenario_agents",
    "known_caller",
    "list_scenarios",
    "list_tools",
    "load_catalog",
    "load_scenario",
    "longest_s",
    "register_tool",
    "render_farewell",
    "render_greeting",
    "render_prompt",
    "render_values",
    "render_voicemail",
    "run_approved",
    "run_tool",
    "tools_for",
]
