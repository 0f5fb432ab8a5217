"""What tools ask of the call: what can not be, and what outlives this relay or the call."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import asdict, replace

from core.agents import Scenario
from core.conversation import Conversation
from core.facts import ApprovalRequested, CallbackRequested, CallbacksDropped, DigitsWanted
from core.handoff import HandoffLimits, Refused, resolve
from core.tools import (
    AskApproval,
    CallBack,
    CollectDigits,
    DropCallBacks,
    Effect,
    HandOff,
    ToolResult,
    TransferCall,
)
from media_relay.asked import Asked
from media_relay.catalog import Scene

log = logging.getLogger(__name__)

_ONE_AT_A_TIME = "The caller was handed over already, to one colleague only."


def lasting(
    effect: Effect, asked: Asked, conversation: Conversation
) -> ApprovalRequested | CallbackRequested | CallbacksDropped | DigitsWanted | None:
    """Return the fact that keeps an effect beyond this relay; None where there is nothing to."""
    agent = conversation.agent
    name = hashlib.sha256((asked.key or asked.call.id).encode()).hexdigest()[:24]
    match effect:
        case AskApproval(subject=subject) if subject in conversation.pending.values():
            return None
        case AskApproval(subject=subject, details=details):
            return ApprovalRequested(
                request_id=name,
                tool=asked.call.name,
                agent=agent,
                subject=subject,
                details=details,
            )
        case CallBack(at=at, topic=topic):
            return CallbackRequested(request_id=name, agent=agent, at=at, topic=topic)
        case DropCallBacks():
            return CallbacksDropped()
        case CollectDigits():
            fields = {name: value for name, value in asdict(effect).items() if name != "kind"}
            return DigitsWanted(agent=asked.agent, **fields)
        case _:
            return None


def checked(result: ToolResult, scene: Scene, tools: Collection[str]) -> ToolResult:
    """Refuse a transfer to a desk, or keys for a tool, that nobody knows; the model hears of it."""
    known = {target.name for target in scene.scenario.transfer_targets}
    for effect in result.effects:
        if isinstance(effect, TransferCall) and known and effect.target not in known:
            names = ", ".join(sorted(known))
            return ToolResult(
                ok=False, error="unknown_target", text=f"There is no such desk. Known: {names}."
            )
        if isinstance(effect, CollectDigits) and effect.then not in tools:
            log.error("keys for an unknown tool", extra={"tool": effect.then})
            text = "Keys can not be taken here. Ask the caller to say it instead."
            return ToolResult(ok=False, error="unknown_tool", text=text)
    return result


def permitted(
    result: ToolResult,
    asked: Asked,
    scenario: Scenario,
    conversation: Conversation,
    *,
    made_in_turn: int,
    limits: HandoffLimits,
) -> ToolResult:
    """Refuse a handoff that may not be, beside what its tool has done; the model hears of it.

    Of several at once the first counts, and who has handed over can not do it again.
    """
    wish = next((effect for effect in result.effects if isinstance(effect, HandOff)), None)
    if wish is None:
        return result
    others = [effect for effect in result.effects if not isinstance(effect, HandOff)]
    answer = resolve(
        scenario,
        asked.agent,
        wish,
        visited=conversation.visited,
        made_in_turn=made_in_turn,
        made_in_call=conversation.handoffs,
        limits=limits,
    )
    if isinstance(answer, Refused):
        reason = answer.reason
    elif conversation.agent != asked.agent or _handing_over(conversation):
        reason = _ONE_AT_A_TIME
    else:
        text = result.text or f"{answer.to_agent} has the caller now."
        return replace(result, text=text, effects=(wish, *others))
    log.info("handoff refused", extra={"agent": asked.agent})
    text = f"{result.text} But the caller was not handed over. {reason}" if result.text else reason
    done = result.ok and bool(result.text)  # what it did beside that is done, and done once
    return replace(result, ok=done, error="refused", text=text, effects=tuple(others))


def _handing_over(conversation: Conversation) -> bool:
    return any(isinstance(each.effect, HandOff) for each in conversation.owed)
