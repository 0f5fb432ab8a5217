"""An event loop whose clock jumps to the next timer, so that no test ever sleeps."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

# A busy machine may hand over in a moment what was sent on the loopback just now.
_LEAP_S, _MOMENT_S = 0.1, 0.002


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for a timer: when no socket is ready, the clock moves to the next one.

    Before it moves far, it gives sockets a moment.
    """

    now = 0.0
    threads_at_work = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Nothing scheduled means that only real IO (a thread, a socket) can go on: wait for it.
        waits = timeout is None or (timeout > 0 and self.threads_at_work > 0)
        ready = super().select(1.0 if waits else 0)
        if ready or waits or timeout is None:
            return ready
        if timeout >= _LEAP_S and len(self.get_map()) > 1:  # more than the loop's own
            ready = super().select(_MOMENT_S)
        if not ready:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 0 s and advances only when everybody waits."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector())

    def time(self) -> float:
        return self._selector.now  # type: ignore[attr-defined,no-any-return]

    def run_in_executor[T](  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run in a thread; the clock stands still until it is done."""
        selector: _JumpingSelector = self._selector  # type: ignore[attr-defined]
        selector.threads_at_work += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: _done(selector))
        return future

    async def shutdown_default_executor(  # asyncio's own signature
        self,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> None:
        """Wait for threads without a limit: they live in real time."""
        del timeout
        await super().shutdown_default_executor()


def _done(selector: _JumpingSelector) -> None:
    selector.threads_at_work -= 1


VIRTUAL: tuple[str, dict[str, Callable[[], asyncio.AbstractEventLoop]]] = (
    "asyncio",
    {"loop_factory": VirtualTimeLoop},
)
