"""Who waits for the Speech SDK's objects, and who lets them go.

Stopping and releasing them may take seconds, and a Python process that ends while one of their
threads is in a callback dies with `FATAL: exception not rethrown`. So both happen on threads kept
for that, and whatever is still there when the interpreter exits is released first.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from core.errors import Cause, EngineError, EngineFailed

# Each waits for one recognizer or synthesizer, at most a second or two.
_THREADS = 32


class Native(Protocol):
    """Holds objects of the SDK."""

    def release(self) -> None:
        """Stop and drop them. May block; doing it twice does no harm."""
        ...


class SdkThreads:
    """Makes and releases what belongs to the SDK, away from the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="azure-speech")
        self._held: set[Native] = set()
        self._going: set[Future[None]] = set()
        atexit.register(self._release_all)

    async def make[T: Native](self, build: Callable[[], T]) -> T:
        """Return what `build` makes on a thread. Raises `EngineFailed`."""
        making = self._pool.submit(_built, build)
        try:
            native = await asyncio.wrap_future(making)
        except asyncio.CancelledError:
            making.add_done_callback(_release_made)
            raise
        self._held.add(native)
        return native

    def run(self, work: Callable[[], object]) -> None:
        """Have something done that may wait."""
        going: Future[None] = self._pool.submit(_quietly, work)
        self._going.add(going)
        going.add_done_callback(self._going.discard)

    def release(self, native: Native) -> None:
        """Let go of what was made. Returns at once."""
        if native in self._held:
            self._held.discard(native)
            self.run(native.release)

    async def aclose(self) -> None:
        """Let go of everything and wait until it is gone."""
        for native in tuple(self._held):
            self.release(native)
        await asyncio.to_thread(wait, tuple(self._going))
        await asyncio.to_thread(self._pool.shutdown)
        atexit.unregister(self._release_all)

    def _release_all(self) -> None:
        for native in tuple(self._held):
            native.release()


def _built[T: Native](build: Callable[[], T]) -> T:
    try:
        return build()
    except (ImportError, OSError) as error:
        detail = "azure-cognitiveservices-speech is not installed, or a library it needs"
        raise EngineFailed(EngineError(cause=Cause.UNAVAILABLE, detail=detail)) from error
    except (RuntimeError, ValueError) as error:
        # The SDK's messages are call stacks.
        detail = f"the Speech SDK refused: {type(error).__name__}"
        raise EngineFailed(EngineError(cause=Cause.BAD_REQUEST, detail=detail)) from error


def _release_made[T: Native](making: Future[T]) -> None:
    if not making.cancelled() and making.exception() is None:
        making.result().release()


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except RuntimeError:
        # The SDK raises it for what has stopped by itself in the meantime.
        return
