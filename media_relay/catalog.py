"""What a call needs of agents and tools, as a port over the registries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.agents import AgentSpec, Scenario
from core.conversation import Conversation
from core.handoff import Accepted
from core.languages import language_of
from core.session import Leg
from core.tools import ToolCall, ToolResult, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who speaks, to whom, after what: all a prompt may use."""

    call_id: str
    scenario: Scenario
    agent: AgentSpec
    conversation: Conversation
    leg: Leg

    @property
    def language(self) -> str:
        """What is spoken now."""
        return language_of(self.agent, self.conversation.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """One use of a tool. `key` is the same when the same use runs again after a crash."""

    call_id: str
    agent: str
    turn: int
    key: str
    caller: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)


class Catalog(Protocol):
    """Agents' words and tools."""

    async def warm(self, scenario: Scenario) -> None:
        """Load and compile, off the loop, what calls of this scenario will use."""
        ...

    async def about(self, leg: Leg) -> Mapping[str, Any]:
        """Return slots that are known of a caller before he says anything."""
        ...

    def tools(self, scene: Scene) -> tuple[ToolSpec, ...]:
        """Return what this agent may call, handoffs included."""
        ...

    def system(self, scene: Scene) -> str:
        """Return the agent's instructions for now. Raises EngineFailed."""
        ...

    def greeting(self, scene: Scene, *, returning: bool) -> str:
        """Return the agent's first words, or nothing."""
        ...

    def filled(self, scene: Scene, handoff: Accepted) -> tuple[Mapping[str, Any], str]:
        """Return a handoff's `context_vars` and farewell, rendered; what cannot be is left out."""
        ...

    def voicemail(self, scene: Scene) -> str:
        """Return what the agent leaves on a voicemail, or nothing."""
        ...

    async def run(self, call: ToolCall, use: ToolUse) -> ToolResult:
        """Run a tool; never raises for what the tool does."""
        ...
