"""How a call is left: at once, or when the control plane was asked to end it and has not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from core import turn as t
from core.conversation import Owed
from media_relay.closing import Closings
from media_relay.stage import Stage
from media_relay.turn_driver import TurnDriver


class Leaving:
    """The end of one call. `over`: why it was left, once it was."""

    def __init__(self, stage: Stage, turns: TurnDriver, closings: Closings) -> None:
        self._closings = closings
        self._journal = stage.journal
        self._turns = turns
        self._after_close_s = stage.settings.after_close_s
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.over: asyncio.Future[str] = self._loop.create_future()

    def end(self, reason: str) -> None:
        """Let go of the call at once: it is over, elsewhere, or must move."""
        self._turns.stop()
        if not self.over.done():
            self.over.set_result(reason)

    def wanted(self, generation: int, owed: Iterable[Owed]) -> None:
        """Close as tools want it, unless the caller has gone on to something else."""
        if generation != self._turns.state.generation:
            return
        at = self._loop.time()
        for closing in self._closings.wanted(owed):
            self._turns.feed(t.ClosingWanted(at=at, generation=generation, closing=closing))

    def close(self, closing: t.Closing) -> None:
        """Ask the control plane for it, now that the words for it were heard."""
        self._journal.write(self._closings.fact(closing), urgent=True)
        if closing.kind == "hang_up":
            self._timer = self._loop.call_later(self._after_close_s, self.end, "hung up")

    def stop(self) -> None:
        """Wait for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
