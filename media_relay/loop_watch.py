"""How late the event loop is, and what held it up: everything a caller hears passes through it."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

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


class Place(NamedTuple):
    """A line that runs."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


type Stack = tuple[Place, ...]
"""Outermost first; empty where the loop itself had nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The loop stood still for `ms`. `stack`: what was seen to run in that time, outermost first.

    `share`: of all looks that found the loop at work. Where few or none did, it was kept from
    running by a busy machine or by other threads.
    """

    ms: int
    stack: Stack = ()
    share: float = 0.0


def log_stall(stall: Stall) -> None:
    """Write a stall to the log; one that none of our code was seen in is no warning."""
    if not stall.stack:
        log.info("the loop was not let run", extra={"ms": stall.ms})
        return
    stack = " < ".join(map(str, reversed(stall.stack)))
    facts = {"ms": stall.ms, "seen": f"{stall.share:.0%}", "stack": stack}
    log.warning("the loop stalled", extra=facts)


def what_ran(looks: Iterable[Stack]) -> Stack:
    """Return what most looks agree on, from the outermost function inwards; () if all are idle.

    A function is found in another line with each look, and one that blocks may call many others.
    """
    left, depth = [look for look in looks if look], 0
    while deeper := [look for look in left if len(look) > depth]:
        functions = Counter((look[depth].file, look[depth].function) for look in deeper)
        ((often, _),) = functions.most_common(1)
        left = [look for look in deeper if (look[depth].file, look[depth].function) == often]
        depth += 1
    return left[0] if left else ()


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
        self._seen: list[Stack] = []
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
            share = sum(map(bool, seen)) / max(len(seen), 1)
            self._on_stall(Stall(ms=round(between * 1000), stack=what_ran(seen), share=share))

    def _watch(self) -> None:
        pause = self._settings.stall_s / 4
        while not self._over.wait(pause):
            if time.monotonic() - self._due > pause and len(self._seen) < _MOST_SEEN:
                self._seen.append(self._now())

    def _now(self) -> Stack:
        """Return where the loop's thread is."""
        frame = sys._current_frames().get(self._thread_id)
        if frame is None or Path(frame.f_code.co_filename).name in _WAITING:
            return ()
        # Not `extract_stack`, which would read every file, keep it, and hold up the loop meanwhile.
        calls = [(each.f_code, line) for each, line in traceback.walk_stack(frame)]
        # Of calls within one file the last one, which comes first here, tells the most.
        files = [next(within) for _, within in groupby(calls, key=lambda call: call[0].co_filename)]
        return tuple(
            Place("/".join(Path(code.co_filename).parts[-2:]), line, code.co_name)
            for code, line in reversed(files[:_DEEPEST])
        )
