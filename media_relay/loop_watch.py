"""How late the event loop is, and what held it up: everything a caller hears passes through it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

log = logging.getLogger(__name__)

# Where a loop is that has nothing to do; one that is not written in Python shows its caller.
_WAITING = frozenset({"selectors.py", "runners.py", "base_events.py"})
_MOST_SEEN = 100
_DEEPEST = 8  # files of a stack; what blocked is at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopWatchSettings:
    """`every_s`: between two looks. `stall_s`: a longer stop of the loop is reported.

    A stop lies between two looks, so all that are longer are found, and some that are shorter by
    less than `every_s`. Frames leave 160 ms ahead of the ear, so a stop of 50 ms is not heard yet.
    `memory`: looks that `lag_s` forgets by; one stop is not a loop that cannot keep up.
    """

    every_s: float = 0.01
    stall_s: float = 0.05
    memory: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The loop stood still for `ms`. `stack`: what ran most of that time, outermost first.

    Empty: the loop itself did nothing, it was not let run by a busy machine or by other threads.
    """

    ms: int
    stack: tuple[str, ...] = ()


def log_stall(stall: Stall) -> None:
    """Write a stall to the log; one that our code did not cause is only worth a look."""
    level = logging.WARNING if stall.stack else logging.DEBUG
    log.log(
        level, "the loop stalled", extra={"ms": stall.ms, "stack": " < ".join(stall.stack[::-1])}
    )


class LoopWatch:
    """Looks at the running loop from inside, for its lag, and from a thread, for what blocks it."""

    def __init__(
        self,
        *,
        on_stall: Callable[[Stall], None] = log_stall,
        settings: LoopWatchSettings = LoopWatchSettings(),
    ) -> None:
        self._on_stall = on_stall
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._timer: asyncio.TimerHandle | None = None
        self._looked = self._due = time.monotonic()
        self._seen: list[tuple[str, ...]] = []
        self._over = threading.Event()
        self._lag_s = 0.0
        self._thread = threading.Thread(target=self._watch, name="loop-watch", daemon=True)

    @property
    def lag_s(self) -> float:
        """How late timers run, on average of the last seconds."""
        return self._lag_s

    def start(self) -> None:
        """Watch until `stop`."""
        self._looked = self._due = time.monotonic()
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        now = time.monotonic()
        late, between = max(now - self._due, 0.0), now - self._looked
        self._lag_s += (late - self._lag_s) / self._settings.memory
        seen, self._seen = self._seen, []
        self._looked, self._due = now, now + self._settings.every_s
        self._timer = self._loop.call_later(self._settings.every_s, self._beat)
        if between > self._settings.stall_s:
            ((stack, _),) = Counter(seen or [()]).most_common(1)
            self._on_stall(Stall(ms=round(between * 1000), stack=stack))

    def _watch(self) -> None:
        pause = self._settings.stall_s / 4
        while not self._over.wait(pause):
            if time.monotonic() - self._due > pause and len(self._seen) < _MOST_SEEN:
                self._seen.append(self._now())

    def _now(self) -> tuple[str, ...]:
        """Return where the loop's thread is."""
        frame = sys._current_frames().get(self._thread_id)
        if frame is None or Path(frame.f_code.co_filename).name in _WAITING:
            return ()
        # Not `extract_stack`, which would read every file, keep it, and hold up the loop meanwhile.
        calls = [(each.f_code, line) for each, line in traceback.walk_stack(frame)]
        # Of calls within one file the last one, which comes first here, tells the most.
        files = [next(within) for _, within in groupby(calls, key=lambda call: call[0].co_filename)]
        return tuple(
            f"{'/'.join(Path(code.co_filename).parts[-2:])}:{line} {code.co_name}"
            for code, line in reversed(files[:_DEEPEST])
        )
