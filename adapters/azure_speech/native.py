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
        atexit.register(self._release_all)

    async def make[T: Native](self, build: Callable[[], T]) -> T:
        """Return what `build` makes on a thread. Raises `EngineFailed`."""
        making = self._pool.submit(self._hold, build)
        try:
            return await asyncio.wrap_future(making)
        except asyncio.CancelledError:
            self.run(lambda: self._unmake(making))
            raise

    def run(self, work: Callable[[], object]) -> None:
        """Have something done that may wait."""
        self._pool.submit(_quietly, work)

    async def call(self, work: Callable[[], object]) -> None:
        """Have something done that may wait, and wait for it. Raises what it raises."""
        await asyncio.wrap_future(self._pool.submit(work))

    def release(self, native: Native) -> None:
        """Let go of what was made. Returns at once."""
        if native in self._held:
            self._held.discard(native)
            self.run(native.release)

    async def aclose(self) -> None:
        """Let go of everything and wait until it is gone."""
        for native in tuple(self._held):
            self.release(native)
        await asyncio.to_thread(self._pool.shutdown)
        # What was being made meanwhile.
        await asyncio.to_thread(self._release_all)
        atexit.unregister(self._release_all)

    def _hold[T: Native](self, build: Callable[[], T]) -> T:
        native = _built(build)
        self._held.add(native)
        return native

    def _unmake[T: Native](self, making: Future[T]) -> None:
        """Let go of what nobody waits for any more, once it is made."""
        wait((making,))
        if not making.cancelled() and making.exception() is None:
            self._held.discard(making.result())
            making.result().release()

    def _release_all(self) -> None:
        while self._held:
            self._held.pop().release()


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


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except RuntimeError:
        # The SDK raises it for what has stopped by itself in the meantime.
        return
