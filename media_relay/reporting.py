"""Facts on their way to the call log: in order, in batches, kept until they are acknowledged."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from core.facts import AgentHeard, Fact
from core.session import MAX_REPORTS, Report, Reported
from media_relay.control_plane import ControlPlane, ControlRefused, ControlUnavailable

log = logging.getLogger(__name__)

DROPPED = sys.maxsize  # the number of a fact that is never told, so that nobody takes it for kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """Seconds and counts. `keep`: facts of one call that wait at most (a talkative hour)."""

    linger_s: float = 0.1  # what belongs together travels together
    backoff_s: float = 0.25
    max_backoff_s: float = 5.0
    give_up_s: float = 600.0  # after the call's end; by then it was found otherwise
    keep: int = 5000


class Reporter:
    """Reports one session's facts. `run` is its task; it ends when all is told after `close`."""

    def __init__(
        self,
        control: ControlPlane,
        *,
        call_id: str,
        epoch: int,
        token: str,
        wall_clock: Callable[[], float],
        settings: ReportSettings = ReportSettings(),
        on_superseded: Callable[[], None] = lambda: None,
    ) -> None:
        self._control = control
        self._call_id, self._epoch, self._token = call_id, epoch, token
        self._wall_clock = wall_clock
        self._settings = settings
        self._on_superseded = on_superseded
        self._waiting: deque[Reported] = deque()
        self._in_flight = 0
        self._seq = 0
        self._acknowledged = 0
        self._changed = asyncio.Event()
        self._told = asyncio.Condition()
        self._urgent = False
        self._closed_at: float | None = None

    def report(self, fact: Fact, *, urgent: bool = False) -> int:
        """Queue a fact, return its number or `DROPPED`; an urgent one does not linger."""
        last = self._waiting[-1] if len(self._waiting) > self._in_flight else None
        if last is not None and _replaces(fact, last.fact):
            self._waiting[-1] = Reported(seq=last.seq, at=self._wall_clock(), fact=fact)
            return last.seq
        if len(self._waiting) >= self._settings.keep:
            # The numbers must have no gap, so what is dropped never gets one.
            log.warning("report dropped", extra={"call": self._call_id, "fact": fact.kind})
            return DROPPED
        self._seq += 1
        self._waiting.append(Reported(seq=self._seq, at=self._wall_clock(), fact=fact))
        self._urgent = self._urgent or urgent
        self._changed.set()
        return self._seq

    async def acknowledged(self, seq: int, *, within_s: float) -> bool:
        """Wait until everything up to `seq` is in the log; False if that takes too long."""
        try:
            async with asyncio.timeout(within_s), self._told:
                await self._told.wait_for(lambda: self._acknowledged >= seq)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """No more facts will come; what waits is still told."""
        self._closed_at = asyncio.get_running_loop().time()
        self._urgent = True
        self._changed.set()

    async def run(self) -> None:
        """Tell what is queued until closed and done, refused, or given up."""
        loop = asyncio.get_running_loop()
        backoff = self._settings.backoff_s
        while self._waiting or self._closed_at is None:
            await self._next_batch()
            if not self._waiting:
                continue
            try:
                await self._send()
            except ControlRefused as refusal:
                log.warning(
                    "reports refused", extra={"call": self._call_id, "status": refusal.status}
                )
                self._on_superseded()
                return
            except ControlUnavailable:
                closed = self._closed_at
                if closed is not None and loop.time() - closed > self._settings.give_up_s:
                    log.warning("reports lost", extra={"call": self._call_id})
                    return
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, self._settings.max_backoff_s)
                self._urgent = True
            else:
                backoff = self._settings.backoff_s

    async def _next_batch(self) -> None:
        if not self._waiting and self._closed_at is None:
            await self._changed.wait()
        self._changed.clear()
        if not self._urgent:
            try:
                async with asyncio.timeout(self._settings.linger_s):
                    while not self._urgent:
                        await self._changed.wait()
                        self._changed.clear()
            except TimeoutError:
                pass
        self._urgent = False

    async def _send(self) -> None:
        batch = tuple(self._waiting)[:MAX_REPORTS]
        self._in_flight = len(batch)
        try:
            report = Report(epoch=self._epoch, events=batch)
            answer = await self._control.report(self._call_id, self._token, report)
        finally:
            self._in_flight = 0
        while self._waiting and self._waiting[0].seq <= answer.seq:
            self._waiting.popleft()
        async with self._told:
            self._acknowledged = max(self._acknowledged, answer.seq)
            self._told.notify_all()
        if answer.superseded:
            self._on_superseded()


def _replaces(fact: Fact, before: Fact) -> bool:
    """Whether a longer heard text makes the one before it needless."""
    return (
        isinstance(fact, AgentHeard)
        and isinstance(before, AgentHeard)
        and (fact.turn, fact.agent) == (before.turn, before.agent)
    )
