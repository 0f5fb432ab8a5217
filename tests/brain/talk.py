"""A conversation in text: the scripted brain and the tools, without audio or relay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.scripted_brain import ScriptedBrain
from core.agents import HandoffType, Scenario
from core.chat import (
    AgentSaid,
    ChatRequest,
    Message,
    Note,
    TextDelta,
    ToolCalled,
    ToolReturned,
    ToolsCalled,
    UserSaid,
)
from core.tools import Effect, HandOff, Remember, ToolCall
from registries import load_scenario, render_greeting, run_tool, tools_for
from tests.bank import bank, context

MAX_STEPS = 6


@dataclass(slots=True)
class Talk:
    """One call. `says` returns what the agent answered; `used` are the tools of that turn.

    `facts`: what else tools know of the call.

    Every step asks a brain of its own, so whatever a brain kept would be lost.
    """

    folder: Path
    scenario: Scenario = field(default_factory=lambda: load_scenario("banking"))
    agent: str = ""
    messages: list[Message] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.agent = self.agent or self.scenario.start_agent
        self._greet()

    async def says(self, words: str) -> str:
        """Let the caller speak, and run the agent until it listens again."""
        self.used, self.effects = [], []
        self.messages.append(UserSaid(text=words))
        heard = []
        for _ in range(MAX_STEPS):
            text, calls = await self.step()
            heard.append(text)
            if not calls:
                return " ".join(filter(None, heard))
            self.messages.append(ToolsCalled(calls=tuple(calls)))
            heard.extend([await self._do(call) for call in calls])
        raise AssertionError(f"the brain does not stop: {self.used}")

    async def step(self) -> tuple[str, list[ToolCall]]:
        """Ask the brain once."""
        agent = self.scenario.agent(self.agent)
        request = ChatRequest(
            agent=agent,
            system="",
            messages=tuple(self.messages),
            tools=tools_for(self.scenario, agent),
            slots=self.slots,
        )
        events = [event async for event in ScriptedBrain().stream(request)]
        text = "".join(event.text for event in events if isinstance(event, TextDelta))
        if text:
            self.messages.append(AgentSaid(text=text, agent=self.agent))
        return text, [event.call for event in events if isinstance(event, ToolCalled)]

    async def _do(self, call: ToolCall) -> str:
        self.used.append(call.name)
        self.arguments = call.arguments
        edges = {edge.tool: edge for edge in self.scenario.edges_from(self.agent)}
        if call.name in edges:
            return self._hand_over(call, edges[call.name].to_agent, edges[call.name].type)
        where = context(bank(self.folder), key=call.id, slots=self.slots, **self.facts)
        result = await run_tool(call.name, call.arguments, where)
        self.effects += result.effects
        for effect in result.effects:
            if isinstance(effect, Remember):
                self.slots |= effect.slots
        self._returned(call, result.text, ok=result.ok, data=result.data)
        return ""

    def _hand_over(self, call: ToolCall, to_agent: str, kind: HandoffType) -> str:
        note = f"{self.agent} handed the caller over to you, {to_agent}."
        self.effects.append(HandOff(to_agent=to_agent))
        self._returned(call, "Handed over.")
        self.agent = to_agent
        greeting = self._greet() if kind is HandoffType.ANNOUNCED else ""
        self.messages.append(Note(text=note))
        return greeting

    def _greet(self) -> str:
        agent = self.scenario.agent(self.agent)
        greeting = render_greeting(agent, {"slots": self.slots}, returning=False)
        self.messages.append(AgentSaid(text=greeting, agent=self.agent))
        return greeting

    def _returned(self, call: ToolCall, text: str, **facts: Any) -> None:
        returned = ToolReturned(call_id=call.id, name=call.name, text=text, **facts)
        self.messages.append(returned)
