"""Who decodes next: a few threads, finals before partials, a partial only when nobody waits."""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

CLOSE_TIMEOUT_S = 5.0


class Urgency(IntEnum):
    """What is done first."""

    FINAL = 0
    PARTIAL = 1
    STOP = 2


@dataclass(slots=True, order=True)
class Job:
    """A piece of work and what becomes of it on the loop that asked."""

    urgency: Urgency
    number: int
    work: Callable[[Callable[[], bool]], str] = field(compare=False)
    done: Callable[[str | Exception], None] = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Forget the work; `done` is not called any more."""
        self.cancelled = True

    def finish(self, outcome: str | Exception) -> None:
        """Report the outcome, on the loop's thread."""
        if not self.cancelled:
            self.done(outcome)


class Workers:
    """A fixed number of threads. They are daemons: a hung decoder never holds up an exit."""

    def __init__(self, count: int) -> None:
        self._jobs: queue.PriorityQueue[Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._busy = 0
        self._counting = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"hearing-{n}", daemon=True)
            for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Whether something handed over now would start at once."""
        return self._jobs.empty() and self._busy < len(self._threads)

    def submit(
        self,
        urgency: Urgency,
        work: Callable[[Callable[[], bool]], str],
        done: Callable[[str | Exception], None],
    ) -> Job:
        """Run `work(stopped)` on a thread, then `done(outcome)` on the calling loop."""
        loop = asyncio.get_running_loop()
        job = Job(urgency=urgency, number=next(self._numbers), work=work, done=done, loop=loop)
        self._jobs.put(job)
        return job

    async def aclose(self) -> None:
        """Stop the threads after the jobs they are running."""
        loop = asyncio.get_running_loop()
        for _ in self._threads:
            stop = Job(Urgency.STOP, next(self._numbers), lambda _: "", lambda _: None, loop)
            self._jobs.put(stop)
        for thread in self._threads:
            await asyncio.to_thread(thread.join, CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        while (job := self._jobs.get()).urgency is not Urgency.STOP:
            if job.cancelled:
                continue
            with self._counting:
                self._busy += 1
            try:
                outcome: str | Exception = job.work(lambda job=job: job.cancelled)  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  # the thread's edge: the loop decides
                outcome = error
            finally:
                with self._counting:
                    self._busy -= 1
            _report(job, outcome)


def _report(job: Job, outcome: str | Exception) -> None:
    try:
        job.loop.call_soon_threadsafe(job.finish, outcome)
    except RuntimeError:
        # The loop is closed: nobody is left who could want the outcome.
        job.cancel()
