"""Hands stored messages, activities and entity requests to whoever runs them, when they are due."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from .clock import Clock, VirtualClock
from .history import Event
from .lane import Lane
from .store import Store

# A laptop that slept has moved its clock; an alarm far away is therefore looked at again.
_LONGEST_NAP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many functions of a kind run at once."""

    orchestrators: int = 10
    activities: int = 10
    entities: int = 10


class Dispatch:
    """Writes work into the store and starts it; several writes go into one `store.transaction`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lanes: list[Lane[str] | Lane[int]] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_due: float | None = None
        self._waiters: list[tuple[frozenset[str], asyncio.Future[None]]] = []
        self._open = False

    def open(
        self,
        *,
        turn: Callable[[str], Coroutine[Any, Any, None]],
        activity: Callable[[int], Coroutine[Any, Any, None]],
        entity: Callable[[str], Coroutine[Any, Any, None]],
        limits: Limits,
    ) -> None:
        """Begin with what the store holds from before."""
        self._turns = Lane(turn, limit=limits.orchestrators, on_end=self.wake)
        self._activities = Lane(activity, limit=limits.activities, on_end=self.wake)
        self._entities = Lane(entity, limit=limits.entities, on_end=self.wake)
        self._lanes = [self._turns, self._activities, self._entities]
        self._open = True
        for instance, due in self._store.waiting_instances():
            self._turns.add(instance, due)
        for n in self._store.waiting_work():
            self._activities.add(n)
        for entity_id in self._store.waiting_entities():
            self._entities.add(entity_id)
        self.wake()

    async def close(self, patience: float) -> None:
        """Start nothing more and let what runs end, for `patience` seconds at most."""
        self._open = False
        self._set_alarm(None, 0)
        tasks = [task for lane in self._lanes for task in lane.tasks]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def send(
        self, instance: str, execution: str | None, event: Event, due: float | None = None
    ) -> None:
        """Put a message into an orchestration's inbox, for now or for `due` (Unix seconds)."""
        self._store.put(instance, execution, event, self._clock() if due is None else due)
        self._turns.add(instance, due)
        self.wake()

    def schedule_activity(
        self, instance: str, execution: str, task: int, name: str, input_text: str | None
    ) -> None:
        """Have an activity run, at least once."""
        self._activities.add(self._store.add_work(instance, execution, task, name, input_text))
        self.wake()

    def request(self, entity: str, request: Event) -> None:
        """Put an operation into an entity's inbox."""
        self._store.put_request(entity, request)
        self._entities.add(entity)
        self.wake()

    def wake(self) -> None:
        """Start what is due and set the alarm for what is not."""
        if not self._open:
            return
        now = self._clock()
        for lane in self._lanes:
            lane.run_due(now)
        for besides, waiter in tuple(self._waiters):
            if not waiter.done() and not self._busy(besides):
                waiter.set_result(None)
        self._set_alarm(self.next_due, now)

    async def quiet(self, besides: frozenset[str] = frozenset()) -> None:
        """Until nothing runs and nothing is due, other than of these instances."""
        mine = besides, asyncio.get_running_loop().create_future()
        self._waiters.append(mine)
        try:
            self.wake()
            await mine[1]
        finally:
            self._waiters.remove(mine)

    def _busy(self, besides: frozenset[str]) -> bool:
        if not besides:
            return any(lane.busy for lane in self._lanes)
        works = map(self._store.work, self._activities.busy)
        working = (work.instance for work in works if work is not None)
        return not besides.issuperset((*self._turns.busy, *self._entities.busy, *working))

    @property
    def next_due(self) -> float | None:
        """When the next timer fires, in Unix seconds."""
        return min(
            (lane.next_due for lane in self._lanes if lane.next_due is not None), default=None
        )

    def _set_alarm(self, due: float | None, now: float) -> None:
        if due == self._alarm_due and self._alarm is not None:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_due = None, due
        if due is not None and not isinstance(self._clock, VirtualClock):
            delay = min(max(due - now, 0.0), _LONGEST_NAP_SECONDS)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.wake()
