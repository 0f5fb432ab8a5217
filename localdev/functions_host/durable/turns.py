"""One turn of an orchestration: what has arrived goes in, new actions come out.

Everything that a turn changes is one transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

import orjson

from .actions import (
    ContinueAsNew,
    Reply,
    Scheduling,
    UnsupportedAction,
    parse_failure,
    parse_reply,
)
from .clock import Clock
from .functions import DurableFunctions, Kind, Raised, Returned, UnknownFunction
from .history import Event, EventType, event
from .lives import TERMINAL, Lives
from .replayer import describe, disagreement, replay
from .rows import Instance
from .scheduling import Scheduler
from .store import Store

log = logging.getLogger(__name__)

_PAUSING = (EventType.EXECUTION_SUSPENDED, EventType.EXECUTION_RESUMED)


class Turns:
    """Runs orchestrators."""

    def __init__(
        self,
        *,
        store: Store,
        lives: Lives,
        scheduler: Scheduler,
        functions: DurableFunctions,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._lives = lives
        self._scheduler = scheduler
        self._functions = functions
        self._clock = clock
        self._changed = changed

    async def turn(self, instance_id: str) -> None:
        """Run an orchestrator on everything that has arrived for it."""
        now = self._clock()
        instance = self._store.instance(instance_id)
        rows = self._store.messages(instance_id, now)
        if instance is None or instance.status in TERMINAL:
            return self._drop([n for n, _, _ in rows])
        taken, new, status = _select(instance, rows)
        if not new:
            return self._drop(taken)
        past = self._store.history(instance_id)
        for old in past:
            old["IsPlayed"] = True
        batch = [_turn_started(now, new), *new]
        if status == "Running":
            reply = await self._run(instance, past + batch)
            self._commit(instance, past, batch, taken, reply)
        else:
            self._halt(instance, past, batch, taken, status)
        self._changed(instance_id)
        return None

    async def _run(self, instance: Instance, history: list[Event]) -> Reply:
        started = next(e for e in history if e["EventType"] == EventType.EXECUTION_STARTED)
        context = {
            "history": history,
            "input": None if started["Input"] is None else orjson.loads(started["Input"]),
            "instanceId": instance.id,
            "isReplaying": history[0]["IsPlayed"],
            "parentInstanceId": instance.parent and instance.parent.instance,
            "upperSchemaVersion": 1,
            "upperSchemaVersionNew": 2,
            "longRunningTimerIntervalDuration": "3.00:00:00",
            "maximumShortTimerDuration": "6.00:00:00",
            "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
        }
        if instance.name not in self._functions.names(Kind.ORCHESTRATOR):
            known = self._functions.names(Kind.ORCHESTRATOR)
            return Reply(
                done=False, error=str(UnknownFunction(Kind.ORCHESTRATOR, instance.name, known))
            )
        payload = orjson.dumps(context).decode()
        try:
            match await self._functions.run(Kind.ORCHESTRATOR, instance.name, payload):
                case Returned(value=value):
                    return parse_reply(value)
                case Raised(message=message):
                    return parse_failure(message)
        except UnsupportedAction as error:
            return Reply(done=False, error=str(error))

    def _commit(
        self,
        instance: Instance,
        past: list[Event],
        batch: list[Event],
        taken: list[int],
        reply: Reply,
    ) -> None:
        now = self._clock()
        reply, scheduled = _judge(instance, past, batch, reply, now)
        with self._store.transaction():
            current = self._store.instance(instance.id)
            if current is None or current.execution != instance.execution:
                return  # purged or replaced while it ran
            instance = replace(
                current,
                status="Running",
                updated=now,
                custom_status=reply.custom_status or current.custom_status,
            )
            added = self._scheduler.schedule(instance, past, scheduled, now)
            self._drop(taken)
            again = next((a for a in reply.actions if isinstance(a, ContinueAsNew)), None)
            if again is not None and reply.done and reply.error is None:
                self._lives.continue_as_new(instance, again)
            else:
                self._record(instance, past, batch + added)
                self._conclude(instance, reply)

    def _conclude(self, instance: Instance, reply: Reply) -> None:
        if reply.error is not None:
            why = f"Orchestrator function '{instance.name}' failed: {reply.error}"
            facts = {"function": instance.name, "instance": instance.id}
            log.error("orchestration failed", extra={**facts, "pii.reason": reply.error})
            self._lives.finish(instance, "Failed", orjson.dumps(why).decode())
        elif reply.done:
            self._lives.finish(instance, "Completed", reply.output)
        else:
            self._store.save(instance)

    def _halt(
        self,
        instance: Instance,
        past: list[Event],
        batch: list[Event],
        taken: list[int],
        status: str,
    ) -> None:
        """A turn that does not run the orchestrator: it was terminated, or is suspended."""
        with self._store.transaction():
            self._drop(taken)
            self._record(instance, past, batch)
            if status == "Terminated":
                ended = next(e for e in batch if e["EventType"] == EventType.EXECUTION_TERMINATED)
                self._lives.finish(instance, status, ended["Input"])
            else:
                self._store.save(replace(instance, status=status, updated=self._clock()))

    def _record(self, instance: Instance, past: list[Event], events: list[Event]) -> None:
        completed = event(EventType.ORCHESTRATOR_COMPLETED, self._clock())
        self._store.append_history(instance.id, len(past), [*events, completed])

    def _drop(self, numbers: list[int]) -> None:
        if numbers:
            with self._store.transaction():
                self._store.drop_messages(numbers)


def _judge(
    instance: Instance, past: list[Event], batch: list[Event], reply: Reply, now: float
) -> tuple[Reply, dict[int, Scheduling]]:
    """The reply as far as the extension lets it count, and the ids of its actions."""
    state = replay(reply.actions, past + batch)
    problem = disagreement(past, state.scheduled)
    if problem is not None:
        return Reply(done=False, error=problem), {}
    if stalled_on := state.stalled_on(now):
        log.warning(
            "orchestrator has gone on before an earlier yield ended; it is deaf until that ends",
            extra={
                "function": instance.name,
                "instance": instance.id,
                "waits_for": ", ".join(describe(action) for action in stalled_on),
            },
        )
    if not state.caught_up:
        reply = replace(reply, done=False, error=None)
    return reply, state.scheduled


def _select(
    instance: Instance, rows: list[tuple[int, str | None, Event]]
) -> tuple[list[int], list[Event], str]:
    """Which messages this turn takes, those of them that count, and the status it leads to.

    Messages of an earlier execution are taken and dropped. A suspended orchestration leaves
    everything but its release in the inbox.
    """
    stale = [n for n, execution, _ in rows if execution not in (None, instance.execution)]
    mine = [(n, e) for n, execution, e in rows if execution in (None, instance.execution)]
    status = "Suspended" if instance.status == "Suspended" else "Running"
    for _, e in mine:
        match e["EventType"]:
            case EventType.EXECUTION_TERMINATED:
                status = "Terminated"
                break
            case EventType.EXECUTION_SUSPENDED:
                status = "Suspended"
            case EventType.EXECUTION_RESUMED:
                status = "Running"
    if status == "Suspended":
        mine = [(n, e) for n, e in mine if e["EventType"] in _PAUSING]
    return stale + [n for n, _ in mine], [e for _, e in mine], status


def _turn_started(now: float, new: list[Event]) -> Event:
    """Opens a turn; its time is the orchestrator's, so never before a timer that has fired."""
    started = event(EventType.ORCHESTRATOR_STARTED, now)
    fired = [e["FireAt"] for e in new if e["EventType"] == EventType.TIMER_FIRED]
    started["Timestamp"] = max([started["Timestamp"], *fired])
    return started
