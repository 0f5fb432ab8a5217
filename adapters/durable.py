"""The `Orchestrations` port on the Durable Functions client."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from core.control_ports import OrchestrationTrouble

ORCHESTRATOR = "call"
POKE = "poke"
LIVE = frozenset({"Running", "Pending", "ContinuedAsNew", "Suspended"})
# One that failed has not finished its work: the log lets a new one in its place go on.
LOST = frozenset({None, "Failed"})


class DurableCalls:
    """Calls as orchestrations whose instance id is the call id, and whatever else calls need."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def start(self, order: Mapping[str, Any]) -> None:
        await self.begin(ORCHESTRATOR, order["call_id"], order)

    async def begin(self, name: str, instance_id: str, order: Mapping[str, Any]) -> None:
        try:
            await _asked(self._client.start_new(name, instance_id, order))
        except OrchestrationTrouble:
            if await self._status(instance_id) in LOST:  # else it lives already
                raise

    async def poke(self, call_id: str) -> bool:
        try:
            await _asked(self._client.raise_event(call_id, POKE, {}))
        except OrchestrationTrouble:
            status = await self._status(call_id)
            if status not in LIVE:
                return status not in LOST  # one that has ended otherwise needs no poke
            # It may have been born between the two questions.
            await _asked(self._client.raise_event(call_id, POKE, {}))
        return True

    async def _status(self, call_id: str) -> str | None:
        """Return the runtime status of an instance, or nothing if there is none."""
        found = await _asked(self._client.get_status(call_id))
        status = getattr(found, "runtime_status", None)
        return str(status.value) if status is not None else None


async def _asked(request: Awaitable[Any]) -> Any:
    """Wait for the back end. Raises OrchestrationTrouble."""
    try:
        return await request
    except Exception as error:  # the SDK raises nothing more exact
        raise OrchestrationTrouble("the durable back end refuses, or does not answer") from error
