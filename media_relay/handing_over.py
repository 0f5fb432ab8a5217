"""How one agent hands the caller to another while a reply is being made."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.conversation import PASSED_ON
from core.facts import HandedOff, HandoffMade, Remembered
from core.handoff import Accepted, Refused, resolve
from core.tools import HandOff
from media_relay.stage import Stage
from media_relay.thought import Thought, pieces_of

log = logging.getLogger(__name__)


class Handovers:
    """The handoffs of one call. `on_agent` is told that another agent has the caller."""

    def __init__(self, stage: Stage, *, on_agent: Callable[[], None]) -> None:
        self._stage = stage
        self._catalog = stage.catalog
        self._journal = stage.journal
        self._on_agent = on_agent

    def follow(self, thought: Thought, request: HandOff) -> None:
        """Let the next agent take over; whether he may was decided when he was asked for."""
        conversation, scenario = self._journal.conversation, self._stage.scene.scenario
        answer = resolve(scenario, conversation.agent, request, visited=conversation.visited)
        match answer:
            case Refused(reason=reason):
                log.error("handoff lost", extra={"agent": conversation.agent, "reason": reason})
            case Accepted():
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
