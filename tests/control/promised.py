"""The functions of one kind of promise, for an engine on a clock that tests move."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from azure.durable_functions.models import DurableOrchestrationContext
from azure.durable_functions.orchestrator import Orchestrator

from adapters.plane import Plane
from core.carrier import CarrierError
from core.control_ports import Orchestrations
from localdev.functions_host.durable.functions import Kind, Raised, Returned
from orchestrators.promise import run_promise
from tests.control.fakes import FakeDurable
from tests.control.mortal import Died

Review = Callable[[str, Plane, Orchestrations], Awaitable[dict[str, Any]]]


@dataclass
class App:
    """The functions that the engine runs. `crashes`: how many reviews die after their work."""

    plane: Plane
    kind: str
    review: Review
    crashes: int = 0
    lives: int | None = None
    reviews: int = 0
    durable: FakeDurable = field(default_factory=FakeDurable)

    def names(self, kind: Kind) -> list[str]:
        known = {Kind.ORCHESTRATOR: [self.kind], Kind.ACTIVITY: [f"review_{self.kind}"]}
        return known.get(kind, [])

    async def run(self, kind: Kind, name: str, payload: str) -> Returned | Raised:
        if kind is Kind.ORCHESTRATOR:
            context = DurableOrchestrationContext.from_json(payload)
            life = Orchestrator(lambda it: run_promise(it, f"review_{self.kind}", lives=self.lives))
            return Returned(value=life.handle(context))
        self.reviews += 1
        try:
            result = await self.review(json.loads(payload)["id"], self.plane, self.durable)
        except (sqlite3.Error, CarrierError, Died) as error:
            return Raised(message=str(error))
        if self.crashes:
            self.crashes -= 1
            return Raised(message="the process died")
        return Returned(value=json.dumps(result))
