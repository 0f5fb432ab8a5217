"""What a call's orchestration is told at its birth, and how it is woken."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from adapters.plane import Plane
from core.agents import Scenario
from core.call_store import NewFact, StoredCall
from core.control_ports import Orchestrations, OrchestrationTrouble
from core.facts import (
    POKING,
    ConsultAnswered,
    Fact,
    LogEntry,
    PersonJoined,
    PersonRefused,
    TransferAccepted,
    TransferAnnounced,
    TransferFailed,
)
from core.promises import promise_id
from core.session import SCENARIO

log = logging.getLogger("artvoice.calls")

NEWS_OF_TRANSFER = (
    TransferAnnounced,
    TransferAccepted,
    TransferFailed,
    PersonJoined,
    PersonRefused,
    ConsultAnswered,
)


def order(call: StoredCall, scenario: Scenario, plane: Plane) -> dict[str, Any]:
    """Return an orchestration's input: ids, hashes, names and numbers only."""
    return {
        "call_id": call.call_id,
        "scenario": call.scenario_sha,
        "graph": {
            "start": scenario.start_agent,
            "agents": [agent.name for agent in scenario.agents],
            "edges": [[edge.from_agent, edge.to_agent] for edge in scenario.edges],
            "targets": [target.name for target in scenario.transfer_targets],
        },
        "limits": asdict(plane.settings.limits),
    }


async def start(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    """Have the call's orchestration live."""
    text = await plane.store.snapshot(call.scenario_sha)
    if text is None:
        raise LookupError("a call's scenario snapshot is not in the store")
    await durable.start(order(call, SCENARIO.validate_json(text), plane))


async def append(
    call: StoredCall,
    facts: Sequence[NewFact],
    plane: Plane,
    durable: Orchestrations,
    *,
    epoch: int | None = None,
) -> tuple[LogEntry, ...]:
    """Append facts, then wake the orchestration if one of them concerns the call's life.

    One that is in the log already wakes it again: whoever appended it may have died before that.
    """
    entries = await plane.store.append(call.call_id, facts, epoch=epoch)
    for request in sorted({_transfer(new.fact) for new in facts} - {""}):
        await _wake_transfer(call.call_id, request, durable)
    late = any(entry.late for entry in entries)
    if not late and any(isinstance(new.fact, POKING) for new in facts):
        await wake(call, plane, durable)
    return entries


async def wake_promise(name: str, promise_id: str, durable: Orchestrations) -> None:
    """Have a promise reviewed, by an orchestration of its own that is born if there is none."""
    try:
        if not await durable.poke(promise_id):
            await durable.begin(name, promise_id, {"id": promise_id})
    except OrchestrationTrouble:
        # What was changed is safe; it is found at the next review.
        log.warning("a poke was lost", extra={name: promise_id}, exc_info=True)


def _transfer(fact: Fact) -> str:
    """Return the transfer that a fact is news of, for its orchestration."""
    return fact.request_id if isinstance(fact, NEWS_OF_TRANSFER) else ""


async def _wake_transfer(call_id: str, request: str, durable: Orchestrations) -> None:
    try:
        await durable.poke(promise_id(call_id, "transfer", request))
    except OrchestrationTrouble:
        log.warning("a poke was lost", extra={"call_id": call_id}, exc_info=True)


async def wake(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    """Poke the orchestration, or give birth to it if it was lost before it began."""
    try:
        if not await durable.poke(call.call_id):
            await start(call, plane, durable)
    except OrchestrationTrouble:
        # What was appended is safe; the pump finds it at its next deadline.
        log.warning("a poke was lost", extra={"call_id": call.call_id}, exc_info=True)


async def wrap_up(call_id: str, durable: Orchestrations, *, round_: int = 0) -> None:
    """Have an ended call wrapped up, once; again only for words that came later (`round_`).

    `round_`: the entry of the log after which it is done again. Raises OrchestrationTrouble.
    """
    instance = f"{call_id}:wrap_up:{round_}" if round_ else f"{call_id}:wrap_up"
    await durable.begin("wrap_up", instance, {"call_id": call_id, "round": round_})
