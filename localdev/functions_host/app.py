"""The app as the host sees it: which functions there are, and how each kind is invoked."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .bindings import check_bindings, inputs
from .durable.functions import Kind, Raised, Returned
from .worker import Function, Outcome, Worker

log = logging.getLogger(__name__)

_KINDS = {
    "orchestrationTrigger": (Kind.ORCHESTRATOR, "orchestration"),
    "activityTrigger": (Kind.ACTIVITY, "activity"),
    "entityTrigger": (Kind.ENTITY, "entityName"),
}


class App:
    """Implements `DurableFunctions`; `client` is the JSON that Durable client bindings receive."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.client = "{}"
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._durable: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
        for function in self.functions.values():
            check_bindings(function)
            if function.trigger.type in _KINDS:
                kind, field = _KINDS[function.trigger.type]
                alias = function.trigger.raw.get(field) or function.name
                self._durable[kind][alias] = function.name

    @property
    def functions(self) -> Mapping[str, Function]:
        """By name."""
        return self.worker.functions

    def triggered_by(self, trigger: str) -> list[Function]:
        """The functions with that trigger type."""
        return [f for f in self.functions.values() if f.trigger.type == trigger]

    async def invoke(
        self, function: Function, trigger: Any, metadata: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Run a function on its trigger's Datum; a failure is logged here, once."""
        self._running += 1
        self._idle.clear()
        try:
            outcome = await self._call(function, trigger, metadata)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()
        if outcome.error is not None:
            log.error("function failed", extra={"function": function.name}, exc_info=outcome.error)
        return outcome

    async def idle(self, patience: float) -> None:
        """Until no function runs that was invoked from outside, `patience` seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()

    def names(self, kind: Kind) -> list[str]:
        return list(self._durable[kind])

    async def run(self, kind: Kind, name: str, payload: str) -> Returned | Raised:
        function = self.functions[self._durable[kind][name]]
        form = "json" if kind is Kind.ACTIVITY else "string"
        outcome = await self._call(function, self.worker.datum(payload, form), None)
        if outcome.error is not None:
            return Raised(message=str(outcome.error), error=outcome.error)
        value = outcome.value
        return Returned(value="null" if value is None or value.value is None else value.value)

    async def _call(
        self, function: Function, trigger: Any, metadata: Mapping[str, Any] | None
    ) -> Outcome:
        values = inputs(self.worker, function, trigger, self.client)
        return await self.worker.invoke(function.name, values, metadata)
