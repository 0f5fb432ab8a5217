"""Synthesizers that nobody speaks with, by what they were made for; none waits for long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from adapters.azure_speech.spares import KEEP_S, MOST
from adapters.azure_speech.synthesis import Use
from adapters.azure_speech.synthesizer import Synthesizer

# Kept with open connections after use, each 0.7 MB and five threads.
MAX_IDLE = 8


class Idle:
    """Keeps each for `keep_s`: a connection that was silent for longer may be dead, untold.

    `refill` is asked for a new one where all of one kind went, for the kinds used last.
    """

    def __init__(self, refill: Callable[[Use], None], *, keep_s: float = KEEP_S) -> None:
        self._refill = refill
        self._keep_s = keep_s
        self._places: dict[Use, deque[Synthesizer]] = {}  # the kind used last is the last
        self._timer: asyncio.TimerHandle | None = None

    def has(self, use: Use) -> bool:
        """Whether there is one for this."""
        return bool(self._places.get(use))

    def take(self, use: Use) -> Synthesizer | None:
        """Return one that is not too old, with an open connection if there is such."""
        self._expire()
        idle = self._places.get(use)
        if not idle:
            return None
        synthesizer = next((each for each in idle if each.connected), idle[-1])
        idle.remove(synthesizer)
        return synthesizer

    def put(self, synthesizer: Synthesizer) -> None:
        """Keep one that has spoken, or is to speak next."""
        idle = self._places.pop(synthesizer.use, None) or deque()
        self._places[synthesizer.use] = idle
        if len(idle) >= MAX_IDLE:
            synthesizer.discard()
            return
        synthesizer.idle_since = asyncio.get_running_loop().time()
        idle.append(synthesizer)
        if self._timer is None:
            self._wait()

    def reconnect(self, use: Use) -> None:
        """Open a connection of this kind again if it was closed."""
        if idle := self._places.get(use):
            idle[-1].reconnect()

    def drop(self, use: Use) -> None:
        """Let go of all of this kind."""
        for synthesizer in self._places.pop(use, ()):
            synthesizer.discard()

    def close(self) -> None:
        """Let go of all."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for use in tuple(self._places):
            self.drop(use)

    def _renew(self) -> None:
        self._timer = None
        for use in self._expire():
            if use in tuple(self._places)[-MOST:]:
                self._refill(use)
            else:
                del self._places[use]
        self._wait()

    def _expire(self) -> list[Use]:
        """Let go of what is too old; return of which kinds nothing is left by that."""
        too_old = asyncio.get_running_loop().time() - self._keep_s
        emptied = []
        for use, idle in self._places.items():
            kept = len(idle)
            while idle and idle[0].idle_since <= too_old:
                idle.popleft().discard()
            if kept and not idle:
                emptied.append(use)
        return emptied

    def _wait(self) -> None:
        """Come back when the oldest is too old."""
        oldest = min((idle[0].idle_since for idle in self._places.values() if idle), default=None)
        if oldest is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(oldest + self._keep_s, self._renew)
