"""Durable entities: a state each, changed by operations that run one after the other."""

import logging
from typing import Any

import orjson

from .clock import Clock
from .dispatch import Dispatch
from .functions import DurableFunctions, Kind, Raised, Returned
from .history import Event, EventType, event
from .rows import EntityRow
from .store import Store

log = logging.getLogger(__name__)


class Entities:
    """Runs the operations in an entity's inbox as one batch."""

    def __init__(
        self, store: Store, dispatch: Dispatch, functions: DurableFunctions, clock: Clock
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._functions = functions
        self._clock = clock

    async def run(self, entity: str) -> None:
        """Run what waits; state, answers and the emptied inbox are one transaction."""
        rows = self._store.requests(entity)
        if not rows:
            return
        requests = [request for _, request in rows]
        before = self._store.entity(entity)
        result = await self._invoke(entity, before, requests)
        with self._store.transaction():
            if result["entityExists"]:
                row = EntityRow(id=entity, state=result["entityState"], updated=self._clock())
                self._store.save_entity(row)
            else:
                self._store.forget_entity(entity)
            for request, answer in zip(requests, result["results"], strict=True):
                if not request["signal"]:
                    self._answer(request, answer)
            self._store.drop_requests([n for n, _ in rows])

    async def _invoke(
        self, entity: str, before: EntityRow | None, requests: list[Event]
    ) -> dict[str, Any]:
        _, name, key = entity.split("@", 2)
        function = next((f for f in self._functions.names(Kind.ENTITY) if f.lower() == name), None)
        if function is None:
            return _failed(before, requests, f"Entity function '{name}' does not exist.")
        context = {
            "self": {"name": name, "key": key},
            "exists": before is not None,
            "state": before and before.state,
            "batch": [
                {"name": r["op"], "input": r["input"] or "null", "isSignal": r["signal"]}
                for r in requests
            ],
        }
        outcome = await self._functions.run(Kind.ENTITY, function, orjson.dumps(context).decode())
        match outcome:
            case Returned(value=value):
                result: dict[str, Any] = orjson.loads(value)
                return result
            case Raised(message=message, error=error):
                log.error("entity failed", extra={"function": function}, exc_info=error)
                return _failed(before, requests, message)

    def _answer(self, request: Event, answer: dict[str, Any]) -> None:
        """The caller waits for an event that is named by the request's id."""
        content = {"result": answer["result"]}
        if answer["isError"]:
            content["exceptionType"] = "Error"
        news = event(
            EventType.EVENT_RAISED,
            self._clock(),
            Name=request["id"],
            Input=orjson.dumps(content).decode(),
        )
        self._dispatch.send(request["parent"], request["parentExecution"], news)


def _failed(before: EntityRow | None, requests: list[Event], message: str) -> dict[str, Any]:
    """Every operation of the batch fails and the state stays."""
    answer = {"isError": True, "result": orjson.dumps(message).decode()}
    return {
        "entityExists": before is not None,
        "entityState": before and before.state,
        "results": [answer for _ in requests],
    }
