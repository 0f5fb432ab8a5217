"""Who may hand the caller to whom, and what the caller and the next agent hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.agents import Edge, HandoffType, Scenario
from core.tools import HandOff, ToolCall

GENERIC_TOOL = "handoff_to_agent"
_CONTROL = frozenset({"reason", "target_agent", "context"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffLimits:
    """How often agents may pass a caller on before one must answer."""

    per_turn: int = 3
    per_call: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The caller goes to `to_agent`. `greeting`: none, his first one, or the one for a return.

    `context` is what the request says; `context_vars` and `farewell` are templates of the scenario.
    """

    to_agent: str
    reason: str
    greeting: Literal["none", "first", "return"]
    share_context: bool
    context: Mapping[str, Any] = field(default_factory=dict)
    context_vars: Mapping[str, Any] = field(default_factory=dict)
    farewell: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The caller stays. `reason` is written for the model that asked."""

    reason: str


def wanted(scenario: Scenario, from_agent: str, call: ToolCall) -> HandOff | None:
    """Return the handoff that a tool call of this agent means; None for every other tool."""
    arguments = call.arguments
    target = ""
    for edge in scenario.edges_from(from_agent):
        if edge.tool == call.name:
            target = edge.to_agent
    if not target and call.name == GENERIC_TOOL:
        target = str(arguments.get("target_agent", ""))
    elif not target:
        return None
    given = arguments.get("context")
    context = dict(given) if isinstance(given, Mapping) else {"details": given} if given else {}
    context |= {key: value for key, value in arguments.items() if key not in _CONTROL}
    return HandOff(to_agent=target, reason=str(arguments.get("reason", "")), context=context)


def resolve(
    scenario: Scenario,
    from_agent: str,
    request: HandOff,
    *,
    visited: tuple[str, ...] = (),
    made_in_turn: int = 0,
    made_in_call: int = 0,
    limits: HandoffLimits = HandoffLimits(),
) -> Accepted | Refused:
    """Decide a handoff by the scenario's graph; names match whatever their case."""
    if made_in_turn >= limits.per_turn or made_in_call >= limits.per_call:
        return Refused(reason="The caller was passed on too often. Help the caller yourself now.")
    try:
        target = scenario.agent(request.to_agent).name
    except KeyError:
        known = ", ".join(_targets(scenario, from_agent)) or "nobody"
        return Refused(
            reason=f"There is no agent {request.to_agent!r}. You can hand over to: {known}."
        )
    if target == from_agent:
        return Refused(reason="You are that agent already. Go on with the caller yourself.")
    edge = _edge(scenario, from_agent, target)
    if edge is None:
        known = ", ".join(_targets(scenario, from_agent)) or "nobody"
        return Refused(reason=f"You may not hand over to {target}, only to: {known}.")
    returning = target in visited
    discrete = edge.type is HandoffType.DISCRETE
    return Accepted(
        to_agent=target,
        reason=request.reason,
        greeting="none" if discrete else "return" if returning else "first",
        share_context=edge.share_context,
        context=request.context,
        context_vars=edge.context_vars,
        farewell=edge.farewell,
    )


def announced(scenario: Scenario, from_agent: str, to_agent: str) -> bool:
    """Whether an agent introduces himself to callers of that other agent."""
    edge = _edge(scenario, from_agent, to_agent) if from_agent else None
    return edge is not None and edge.type is HandoffType.ANNOUNCED


def _edge(scenario: Scenario, from_agent: str, target: str) -> Edge | None:
    for edge in scenario.edges_from(from_agent):
        if edge.to_agent.casefold() == target.casefold():
            return edge
    generic = scenario.generic
    allowed = {name.casefold() for name in generic.allowed_targets}
    if not generic.enabled or (allowed and target.casefold() not in allowed):
        return None
    return Edge(
        from_agent=from_agent,
        to_agent=target,
        tool=GENERIC_TOOL,
        type=generic.type,
        share_context=generic.share_context,
    )


def _targets(scenario: Scenario, from_agent: str) -> tuple[str, ...]:
    return tuple(
        agent.name
        for agent in scenario.agents
        if agent.name != from_agent and _edge(scenario, from_agent, agent.name) is not None
    )
