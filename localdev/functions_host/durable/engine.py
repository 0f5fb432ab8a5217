"""The Durable engine: orchestrations, activities, timers and entities on one SQLite file."""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from enum import Enum
from pathlib import Path

import orjson

from .activities import Activities
from .clock import Clock, VirtualClock, system_clock
from .dispatch import Dispatch, Limits
from .entities import Entities
from .functions import DurableFunctions
from .history import Event, EventType, event
from .lives import TERMINAL, Lives
from .rows import Instance
from .scheduling import Scheduler
from .store import Store
from .turns import Turns


class Delivery(Enum):
    """What became of a message to an orchestration."""

    ACCEPTED = 202
    NOT_FOUND = 404
    GONE = 410


class Engine:
    """What clients of the Durable extension can do; also the door for tests (`wait`, `advance`)."""

    def __init__(
        self,
        path: Path | str,
        functions: DurableFunctions,
        *,
        clock: Clock = system_clock,
        limits: Limits | None = None,
    ) -> None:
        self.store = Store(path)
        self._clock = clock
        self._limits = limits or Limits()
        self._watchers: dict[str, set[asyncio.Future[None]]] = {}
        self._dispatch = Dispatch(self.store, clock)
        self._lives = Lives(self.store, self._dispatch, functions, clock, self._tell_watchers)
        scheduler = Scheduler(self.store, self._dispatch, self._lives)
        self._turns = Turns(
            store=self.store,
            lives=self._lives,
            scheduler=scheduler,
            functions=functions,
            clock=clock,
            changed=self._tell_watchers,
        )
        self._activities = Activities(self.store, self._dispatch, functions, clock)
        self._entities = Entities(self.store, self._dispatch, functions, clock)

    def open(self) -> None:
        """Go on with what the file holds."""
        self._dispatch.open(
            turn=self._turns.turn,
            activity=self._activities.run,
            entity=self._entities.run,
            limits=self._limits,
        )

    async def drain(self, patience: float) -> None:
        """Start nothing more and let running functions end, `patience` seconds at most."""
        await self._dispatch.close(patience)

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    # -- what clients do

    def start(
        self,
        name: str,
        instance: str | None = None,
        input_text: str | None = None,
        version: str | None = None,
    ) -> str:
        """The new instance's id; input is JSON text. Raises `UnknownFunction`, `AlreadyRunning`."""
        instance = instance or uuid.uuid4().hex
        self._lives.create(name, instance=instance, input_text=input_text, version=version)
        return instance

    def raise_event(self, instance: str, name: str, input_text: str) -> Delivery:
        """Send an external event; input is JSON text."""
        news = event(EventType.EVENT_RAISED, self._clock(), Name=name, Input=input_text)
        return self._deliver(instance, news)

    def terminate(self, instance: str, reason: str) -> Delivery:
        """End it as Terminated, with the reason as output."""
        return self._control(instance, EventType.EXECUTION_TERMINATED, reason)

    def suspend(self, instance: str, reason: str) -> Delivery:
        """Keep everything that arrives until it is resumed."""
        return self._control(instance, EventType.EXECUTION_SUSPENDED, reason)

    def resume(self, instance: str, reason: str) -> Delivery:
        """Let a suspended orchestration go on."""
        return self._control(instance, EventType.EXECUTION_RESUMED, reason)

    def purge(self, instance: str) -> bool:
        """Remove an orchestration that has ended, and its history. False if there is none."""
        found = self.store.instance(instance)
        if found is None or found.status not in TERMINAL:
            return False
        with self.store.transaction():
            self.store.forget(instance)
        return True

    def signal(self, entity: str, operation: str, input_text: str | None) -> None:
        """Send an operation to an entity (`@name@key`) without waiting for an answer."""
        request = {"op": operation, "input": input_text, "id": str(uuid.uuid4()), "signal": True}
        self._dispatch.request(entity, request)

    # -- what clients and tests see

    def status(self, instance: str) -> Instance | None:
        """How the orchestration stands."""
        return self.store.instance(instance)

    def history(self, instance: str) -> list[Event]:
        """The events of the current execution, as they are given to the SDK."""
        return self.store.history(instance)

    async def wait(
        self, instance: str, states: frozenset[str] = TERMINAL, *, seconds: float = 60.0
    ) -> Instance:
        """Until its status is one of `states`. Raises `TimeoutError` after `seconds`."""
        return await self.wait_until(instance, lambda i: i.status in states, seconds=seconds)

    async def wait_until(
        self, instance: str, holds: Callable[[Instance], bool], *, seconds: float = 60.0
    ) -> Instance:
        """Until `holds` is true after some turn. Raises `TimeoutError` after `seconds`."""
        async with asyncio.timeout(seconds):
            while True:
                found = self.status(instance)
                if found is not None and holds(found):
                    return found
                await self._next_change(instance)

    async def settled(self, *, besides: Iterable[str] = ()) -> None:
        """Until no function runs and nothing is due, other than of these instances."""
        await self._dispatch.quiet(frozenset(besides))

    async def advance(self, seconds: float) -> None:
        """Move a `VirtualClock`, from timer to timer; activities that run are waited for."""
        if not isinstance(self._clock, VirtualClock):
            raise TypeError("only a VirtualClock can be moved")
        target = self._clock() + seconds
        await self.settled()
        while (due := self._dispatch.next_due) is not None and due <= target:
            self._clock.move_to(due)
            await self.settled()
        self._clock.move_to(target)

    def _control(self, instance: str, kind: EventType, reason: str) -> Delivery:
        news = event(kind, self._clock(), Input=orjson.dumps(reason).decode(), Reason=reason)
        return self._deliver(instance, news)

    def _deliver(self, instance: str, news: Event) -> Delivery:
        found = self.status(instance)
        if found is None:
            return Delivery.NOT_FOUND
        if found.status in TERMINAL:
            return Delivery.GONE
        with self.store.transaction():
            self._dispatch.send(instance, None, news)
        return Delivery.ACCEPTED

    async def _next_change(self, instance: str) -> None:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        watchers = self._watchers.setdefault(instance, set())
        watchers.add(change)
        try:
            await change
        finally:
            watchers.discard(change)
            if not watchers:
                self._watchers.pop(instance, None)

    def _tell_watchers(self, instance: str) -> None:
        for change in list(self._watchers.get(instance, ())):
            if not change.done():
                change.set_result(None)
