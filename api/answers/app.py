"""What the app tells of itself: what it can do, whether it could, and why it would not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict


class ProblemDocument(TypedDict):
    """Why a request is refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class AgentLine(TypedDict):
    name: str
    description: str
    tools: list[str]
    voice: str
    handoff_trigger: str


class AgentList(TypedDict):
    agents: list[AgentLine]


class ToolLine(TypedDict):
    """`parameters`: a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    side_effects: bool
    tags: list[str]


class ToolList(TypedDict):
    tools: list[ToolLine]


class ScenarioLine(TypedDict):
    name: str
    description: str
    start_agent: str
    agents: list[str]
    transfer_targets: list[str]


class ScenarioList(TypedDict):
    scenarios: list[ScenarioLine]


HandoffEdge = TypedDict(
    "HandoffEdge", {"from": str, "to": str, "type": Literal["announced", "discrete"]}
)


class ScenarioShown(ScenarioLine):
    handoffs: list[HandoffEdge]


class Health(TypedDict):
    status: Literal["healthy"]


class CheckDone(TypedDict):
    component: str
    status: Literal["healthy", "unhealthy"]
    check_time_ms: float
    error: str | None


class Readiness(TypedDict):
    status: Literal["ready", "not_ready"]
    checks: list[CheckDone]
