"""An event loop in a thread of its own: an asynchronous client for callers in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any


class LoopAside:
    """Runs coroutines for any number of threads, from its first use until it is closed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run[T](self, work: Coroutine[Any, Any, T], *, within_s: float) -> T:
        """Wait for what comes of `work`; never on an event loop. Raises TimeoutError."""
        running = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return running.result(within_s)
        finally:
            running.cancel()

    def close(self) -> None:
        """End the thread; whoever still waits for it is told so by CancelledError."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_stop(loop), loop)
            thread.join()
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A daemon: a tool that hangs must not keep the process.
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop


async def _stop(loop: asyncio.AbstractEventLoop) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop.stop()
