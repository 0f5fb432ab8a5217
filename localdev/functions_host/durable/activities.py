"""Runs activities at least once: the row goes only together with the result."""

import logging

from .clock import Clock
from .dispatch import Dispatch
from .functions import DurableFunctions, Kind, Raised, Returned, UnknownFunction
from .history import EventType, event
from .rows import Work
from .store import Store

log = logging.getLogger(__name__)


class Activities:
    """Runs the activities that orchestrators have scheduled."""

    def __init__(
        self, store: Store, dispatch: Dispatch, functions: DurableFunctions, clock: Clock
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._functions = functions
        self._clock = clock

    async def run(self, n: int) -> None:
        """Run one, and tell its orchestration; one that was purged meanwhile tells nobody."""
        work = self._store.work(n)
        if work is None:
            return
        outcome = await self._invoke(work)
        fields: dict[str, str]
        match outcome:
            case Returned(value=value):
                kind, fields = EventType.TASK_COMPLETED, {"Result": value}
            case Raised(message=message, error=error):
                log.warning(
                    "activity failed",
                    extra={"function": work.name, "instance": work.instance},
                    exc_info=error,
                )
                reason = f"Activity function '{work.name}' failed: {message}"
                kind, fields = EventType.TASK_FAILED, {"Reason": reason, "Details": ""}
        news = event(kind, self._clock(), TaskScheduledId=work.task, **fields)
        with self._store.transaction():
            if self._store.drop_work(n):
                self._dispatch.send(work.instance, work.execution, news)

    async def _invoke(self, work: Work) -> Returned | Raised:
        known = self._functions.names(Kind.ACTIVITY)
        if work.name not in known:
            return Raised(message=str(UnknownFunction(Kind.ACTIVITY, work.name, known)))
        return await self._functions.run(Kind.ACTIVITY, work.name, work.input or "null")
