"""The `Orchestrations` port on the Durable Functions client."""

from __future__ import annotations

from collections.abc import Mapping
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
            await self._client.start_new(name, instance_id, order)
        except Exception as error:  # the SDK raises nothing more exact
            if await self._status(instance_id) in LOST:  # else it lives already
                raise OrchestrationTrouble("an orchestration could not be started") from error

    async def poke(self, call_id: str) -> bool:
        failure = await self._raise_poke(call_id)
        if failure is None:
            return True
        status = await self._status(call_id)
        if status not in LIVE:
            return status not in LOST  # one that has ended otherwise needs no poke
        # It may have been born between the two questions.
        if await self._raise_poke(call_id) is not None:
            raise OrchestrationTrouble("an orchestration could not be poked") from failure
        return True

    async def _raise_poke(self, call_id: str) -> Exception | None:
        try:
            await self._client.raise_event(call_id, POKE, {})
        except Exception as error:  # noqa: BLE001 the SDK raises nothing more exact
            return error
        return None

    async def _status(self, call_id: str) -> str | None:
        """Return the runtime status of an instance, or nothing if there is none."""
        try:
            found = await self._client.get_status(call_id)
        except Exception as error:  # the SDK raises nothing more exact
            raise OrchestrationTrouble("the durable back end does not answer") from error
        status = getattr(found, "runtime_status", None)
        return str(status.value) if status is not None else None
