"""How events made on the loop reach the one who iterates over them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator


class Mailbox[T]:
    """A queue from plain calls to one async iterator, which ends when the box is closed."""

    def __init__(self) -> None:
        self._events: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: T) -> None:
        """Add an event; a closed box takes none."""
        if not self._closed:
            self._events.append(event)
            self._wake()

    def close(self, *, drop: bool = False) -> None:
        """End the iteration, after what is waiting or, with `drop`, at once."""
        self._closed = True
        if drop:
            self._events.clear()
        self._wake()

    async def drain(self) -> AsyncGenerator[T]:
        """Yield events in order until the box is closed and empty."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
