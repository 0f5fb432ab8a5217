"""The registries as a call's catalog: prompts rendered, tools run on the customer store."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any

from core.agents import Scenario
from core.bank import CustomerStore
from core.callbacks import CAN_CALL_BACK
from core.conversation import PASSED_ON
from core.dialling import Rules
from core.errors import Cause, EngineError, EngineFailed, unquoted
from core.handoff import Accepted, announced
from core.session import Leg
from core.tools import ToolCall, ToolResult, ToolSpec
from core.waiting_sound import frames_of
from media_relay.catalog import Scene, ToolUse
from registries import (
    RenderFailed,
    ToolContext,
    known_caller,
    render_farewell,
    render_greeting,
    render_prompt,
    render_values,
    render_voicemail,
    run_tool,
    tools_for,
)

log = logging.getLogger(__name__)

_REMEMBERED = 20  # scenarios


class RegistryCatalog:
    """Agents and tools as the developer wrote them."""

    def __init__(
        self,
        customers: CustomerStore,
        *,
        today: Callable[[], date],
        now: Callable[[], datetime] | None = None,
        callbacks: Rules | None = None,
    ) -> None:
        self._customers = customers
        self._today = today
        self._now = now
        self._callbacks = callbacks or Rules()
        self._warm: deque[Scenario] = deque(maxlen=_REMEMBERED)

    async def warm(self, scenario: Scenario) -> None:
        """Compile the templates and import the tools, once for each scenario as it is."""
        if scenario not in self._warm:
            self._warm.append(scenario)
            await asyncio.to_thread(_compile, scenario)

    async def about(self, leg: Leg) -> Mapping[str, Any]:
        """Return how a known number is greeted, which proves nothing, and if it may be called."""
        known = await reached(partial(known_caller, self._customers, leg.person), dict[str, Any]())
        return {**known, CAN_CALL_BACK: True} if self._callbacks.allow(leg.person) else known

    def tools(self, scene: Scene) -> tuple[ToolSpec, ...]:
        return tools_for(scene.scenario, scene.agent)

    def system(self, scene: Scene) -> str:
        """Render the prompt. Raises EngineFailed for a template that cannot be."""
        try:
            return render_prompt(scene.agent, self._variables(scene), scenario=scene.scenario)
        except RenderFailed as failure:
            detail = f"the prompt of {scene.agent.name} cannot be rendered"
            raise EngineFailed(EngineError(cause=Cause.BAD_REQUEST, detail=detail)) from failure

    def greeting(self, scene: Scene, *, returning: bool) -> str:
        """Render the greeting; none is better than no call."""
        try:
            return render_greeting(scene.agent, self._variables(scene), returning=returning)
        except RenderFailed:
            log.exception("greeting cannot be rendered", extra={"agent": scene.agent.name})
            return ""

    def filled(self, scene: Scene, handoff: Accepted) -> tuple[Mapping[str, Any], str]:
        """Render what a scenario passes on; nothing is better than a raw template."""
        said = {"reason": handoff.reason, "details": str(handoff.context.get("details", ""))}
        known = {**self._variables(scene), **said}
        values = render_values(scene.agent, known, handoff.context_vars)
        return values, render_farewell(scene.agent, known, handoff.farewell)

    def voicemail(self, scene: Scene) -> str:
        """Render the message; a plain one is better than none."""
        try:
            return render_voicemail(scene.agent, self._variables(scene))
        except RenderFailed:
            log.exception("message cannot be rendered", extra={"agent": scene.agent.name})
            return ""

    async def run(self, call: ToolCall, use: ToolUse) -> ToolResult:
        context = ToolContext(
            call_id=use.call_id,
            customers=self._customers,
            today=self._today(),
            agent=use.agent,
            turn=use.turn,
            slots=use.slots,
            caller=use.caller,
            idempotency_key=use.key,
            now=self._now and self._now().astimezone(self._callbacks.window(use.caller).zone),
            callbacks=self._callbacks,
        )
        return await run_tool(call.name, call.arguments, context)

    def _variables(self, scene: Scene) -> dict[str, Any]:
        conversation = scene.conversation
        slots = conversation.slots
        return {
            "slots": slots,
            "previous_agent": conversation.previous or None,
            "greet_on_switch": announced(scene.scenario, conversation.previous, scene.agent.name),
            "is_handoff": bool(conversation.previous),
            "handoff_reason": conversation.reason,
            "handoff_context": slots.get(PASSED_ON, {}),
            "language": scene.language,
            "today": self._today().isoformat(),
        }


async def reached[T](work: Callable[[], T], otherwise: T) -> T:
    """Ask the customers' records, on a thread; or say that calls go on without them."""
    try:
        return await asyncio.to_thread(work)
    # The edge to other people's code: a store raises what its SDK does.
    except Exception as error:
        log.exception("the customers' records cannot be reached", exc_info=unquoted(error))
        return otherwise


def _compile(scenario: Scenario) -> None:
    """Render everything once; what cannot be rendered now is said when it is needed."""
    for agent in scenario.agents:
        frames_of(agent.waiting_sound)
        tools_for(scenario, agent)
        with suppress(RenderFailed):
            render_prompt(agent, {}, scenario=scenario)
        for returning in (False, True):
            with suppress(RenderFailed):
                render_greeting(agent, {}, returning=returning)
