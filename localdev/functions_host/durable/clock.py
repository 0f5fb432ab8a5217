"""What time it is for the Durable engine: the machine's clock, or one that a test moves."""

import time
from collections.abc import Callable

type Clock = Callable[[], float]
"""Unix seconds."""

system_clock: Clock = time.time


class VirtualClock:
    """Stands still until it is moved; give it to `Host` and move it with `Engine.advance`."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def __call__(self) -> float:
        return self._now

    def move_to(self, moment: float) -> None:
        """Set the time to `moment` in Unix seconds; time never goes back."""
        self._now = max(self._now, moment)
