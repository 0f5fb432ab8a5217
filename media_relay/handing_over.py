"""How one agent hands the caller to another while a reply is being made."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.conversation import PASSED_ON
from core.facts import HandedOff, HandoffMade, Remembered
from core.handoff import Accepted, Refused, resolve
from core.tools import HandOff, ToolResult
from media_relay.asked import Asked
from media_relay.stage import Stage
from media_relay.thought import Thought, pieces_of
from media_relay.toolwork import ToolWork

log = logging.getLogger(__name__)

_ONE_AT_A_TIME = ToolResult(
    ok=False, error="refused", text="The caller was handed over already, to one colleague only."
)


class Handovers:
    """The handoffs of one call. `on_agent` is told that another agent has the caller."""

    def __init__(self, stage: Stage, tools: ToolWork, *, on_agent: Callable[[], None]) -> None:
        self._stage = stage
        self._catalog = stage.catalog
        self._journal = stage.journal
        self._tools = tools
        self._on_agent = on_agent
        self._limits = stage.settings.thinking.handoffs

    def settle(self, thought: Thought, wishes: list[tuple[Asked | None, HandOff]]) -> None:
        """Follow the first wish of one round that may be: who asked can not speak for another."""
        agent = self._journal.conversation.agent
        for asked, request in wishes:
            if self._journal.conversation.agent == agent:
                self._hand_over(thought, request, asked)
            elif asked is not None:
                self._tools.settle(asked, thought.record, _ONE_AT_A_TIME)

    def _hand_over(self, thought: Thought, request: HandOff, asked: Asked | None) -> None:
        """Let the next agent take over at once, or tell the model why not."""
        conversation, scenario = self._journal.conversation, self._stage.scene.scenario
        answer = resolve(
            scenario,
            conversation.agent,
            request,
            visited=conversation.visited,
            made_in_turn=thought.handoffs,
            made_in_call=conversation.handoffs,
            limits=self._limits,
        )
        match answer:
            case Refused(reason=reason):
                log.info("handoff refused", extra={"agent": conversation.agent})
                result = ToolResult(ok=False, error="refused", text=reason)
            case Accepted():
                result = ToolResult(text=f"{answer.to_agent} has the caller now.")
        if asked is not None:
            self._tools.settle(asked, thought.record, result)
        if isinstance(answer, Accepted):
            self._switch(thought, conversation.agent, answer)

    def _switch(self, thought: Thought, from_agent: str, accepted: Accepted) -> None:
        values, farewell = self._catalog.filled(self._stage.scene, accepted)
        passed_on = {**values, **accepted.context}
        if farewell and not thought.said:
            for piece in pieces_of(farewell):
                thought.said.append(piece)
                thought.say(piece, from_agent)
        self._journal.write(
            HandedOff(
                from_agent=from_agent,
                to_agent=accepted.to_agent,
                turn=thought.record.turn,
                reason=accepted.reason,
                share_context=accepted.share_context,
            ),
            urgent=True,
        )
        if passed_on:
            self._journal.write(Remembered(slots={PASSED_ON: passed_on}))
        thought.handoffs += 1
        thought.record.handoffs.append(
            HandoffMade(from_agent=from_agent, to_agent=accepted.to_agent, reason=accepted.reason)
        )
        self._on_agent()
        thought.said, thought.greeted = [], ""
        if accepted.greeting != "none":
            returning = accepted.greeting == "return"
            thought.greeted = self._catalog.greeting(self._stage.scene, returning=returning)
        for piece in pieces_of(thought.greeted):
            thought.mark()
            thought.say(piece, accepted.to_agent)
