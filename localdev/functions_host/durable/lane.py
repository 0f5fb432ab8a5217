"""Which keys have work that may run now, a limited number at a time and no key twice at once."""

import asyncio
import heapq
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import islice
from typing import Any

log = logging.getLogger(__name__)


class Lane[Key: str | int]:
    """Runs `work(key)` for every key that was added and is due, the first added first.

    A key that is added while it runs is run once more afterwards. `on_end` follows every run.
    """

    def __init__(
        self,
        work: Callable[[Key], Coroutine[Any, Any, None]],
        *,
        limit: int,
        on_end: Callable[[], None],
    ) -> None:
        self._work = work
        self._limit = limit
        self._on_end = on_end
        self._ready: dict[Key, None] = {}
        self._later: list[tuple[float, Key]] = []
        self._running: dict[Key, asyncio.Task[None]] = {}

    def add(self, key: Key, due: float | None = None) -> None:
        """There is work for `key`, at once or at `due` (Unix seconds)."""
        if due is None:
            self._ready[key] = None
        else:
            heapq.heappush(self._later, (due, key))

    def run_due(self, now: float) -> None:
        """Start what may run."""
        while self._later and self._later[0][0] <= now:
            self._ready[heapq.heappop(self._later)[1]] = None
        free = self._limit - len(self._running)
        # Only as many as may start are looked at: thousands may wait.
        startable = (key for key in self._ready if key not in self._running)
        for key in list(islice(startable, max(free, 0))):
            del self._ready[key]
            task = asyncio.create_task(self._work(key))
            self._running[key] = task
            task.add_done_callback(partial(self._ended, key))

    @property
    def next_due(self) -> float | None:
        """When the next key that waits for its time becomes due."""
        return self._later[0][0] if self._later else None

    @property
    def busy(self) -> tuple[Key, ...]:
        """What runs now, and what could."""
        return (*self._running, *self._ready)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs now."""
        return list(self._running.values())

    def _ended(self, key: Key, task: asyncio.Task[None]) -> None:
        del self._running[key]
        # An edge: nobody awaits these tasks. What failed stays stored for the next start.
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("durable work failed inside the host", extra={"key": key}, exc_info=error)
        self._on_end()
