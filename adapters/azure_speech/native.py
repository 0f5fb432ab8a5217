"""Who waits for the Speech SDK's objects, and who lets them go.

Stopping and releasing them may take seconds, and a Python process that ends while one of their
threads is in a callback dies with `FATAL: exception not rethrown`. So both happen on threads kept
for that, and whatever is still there when the interpreter exits is released first.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Protocol

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

    async def make[T: Native](
        self, build: Callable[[], T], begin: Callable[[T], None] = lambda _: None
    ) -> T:
        """Return what `build` makes on a thread, once it has begun. Raises `EngineFailed`.

        What cannot begin, or is not wanted any more, is let go of.
        """
        try:
            making = self._pool.submit(self._hold, build, begin)
        except RuntimeError as error:  # shut down meanwhile
            failure = EngineError(cause=Cause.LOST, detail="the engine was closed")
            raise EngineFailed(failure) from error
        made = asyncio.wrap_future(making)
        try:
            return await asyncio.shield(made)
        except asyncio.CancelledError:
            made.add_done_callback(self._unwanted)
            raise

    def run(self, work: Callable[[], object]) -> None:
        """Have something done that may wait."""
        self._pool.submit(_quietly, work)

    async def call[R](self, work: Callable[[], R]) -> R:
        """Have something done that may wait, and wait for it. Raises what it raises."""
        return await asyncio.wrap_future(self._pool.submit(work))

    def release(self, native: Native) -> None:
        """Let go of what was made. Returns at once."""
        if native in self._held:
            with suppress(RuntimeError):  # shut down: what is held then is released there
                self.run(native.release)
                self._held.discard(native)

    async def aclose(self) -> None:
        """Let go of everything and wait until it is gone."""
        for native in tuple(self._held):
            self.release(native)
        await asyncio.to_thread(self._pool.shutdown)
        # What was being made meanwhile.
        await asyncio.to_thread(self._release_all)
        atexit.unregister(self._release_all)

    def _hold[T: Native](self, build: Callable[[], T], begin: Callable[[T], None]) -> T:
        with _refusals():
            native = build()
            self._held.add(native)
            try:
                begin(native)
            except BaseException:
                self._held.discard(native)
                native.release()
                raise
        return native

    def _unwanted(self, made: asyncio.Future[Any]) -> None:
        if not made.cancelled() and made.exception() is None:
            self.release(made.result())

    def _release_all(self) -> None:
        while self._held:
            self._held.pop().release()


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what the SDK raises as `EngineFailed`."""
    try:
        yield
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


def forget_identity(native: Any, owner: str) -> None:
    """Break the circle of an SDK object and what asks for its tokens (SDK 1.53, `speech.py`).

    Else Python's collector frees the object, wherever it happens to run, and that may wait.
    `owner`: the SDK's class that keeps the signal, under a name of its own.
    """
    signal = getattr(native, f"_{owner}__token_requested_signal", None)
    if signal is not None:
        signal.disconnect_all()
