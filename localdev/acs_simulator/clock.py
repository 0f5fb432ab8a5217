"""The one clock of a call: milliseconds since it began to ring, on the loop's monotonic time.

Every time in a call's timeline, recording and media frame is on it. A media frame's `timestamp`
is `epoch` plus the media time of its first sample, in whole milliseconds; so whoever quotes a
timestamp back can be placed on the clock exactly: `ms = (timestamp - epoch) / 1 ms`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class CallClock:
    """Starts at 0 ms when it is made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        now = datetime.now(UTC)
        self.epoch = now.replace(microsecond=now.microsecond // 1000 * 1000)

    def now_ms(self) -> float:
        """Return the time of the call."""
        return (self._loop.time() - self._start) * 1000

    async def reach(self, at_ms: float) -> None:
        """Return at that time of the call, or at once if it has passed."""
        await asyncio.sleep(max(0.0, (at_ms - self.now_ms()) / 1000))

    def wall(self, at_ms: float) -> datetime:
        """Return the wall time of a time of the call."""
        return self.epoch + timedelta(milliseconds=at_ms)

    def timestamp(self, at_ms: int) -> str:
        """Return a media frame's `timestamp`."""
        return self.wall(at_ms).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
