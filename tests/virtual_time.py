"""An event loop whose clock jumps to the next timer, so that no test ever sleeps."""

import asyncio
import selectors
from collections.abc import Callable


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for a timer: when no socket is ready, the clock moves to the next one."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Nothing scheduled means that only real IO (a thread, a socket) can go on: wait for it.
        ready = super().select(0 if timeout is not None else 1.0)
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`loop.time()` starts at 0 s and advances only when everybody waits."""

    def __init__(self) -> None:
        super().__init__(_JumpingSelector())

    def time(self) -> float:
        return self._selector.now  # type: ignore[attr-defined,no-any-return]


VIRTUAL: tuple[str, dict[str, Callable[[], asyncio.AbstractEventLoop]]] = (
    "asyncio",
    {"loop_factory": VirtualTimeLoop},
)
