"""The pump: one orchestration per call, a fold of `core.call.step` over the call's log.

A poke carries nothing and may be lost or doubled: it only says "read again". Two rules of
azure-functions-durable 1.7 shape the loop. Exactly one waiter for pokes is open in every wait,
because an event that finds none is lost or repeated. And a wait that adds something must add
something that ends soon: of a `task_any` the extension sees only what is *new* in it, and goes no
further before one of that has ended. A timer or a waiter that is added alone would leave the
instance deaf; so each comes with a read of the log, which is wanted anyway.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.call import COMMAND, Archive, CallState, Command, Deadline, HangUp, Limits, Phase, step
from core.facts import ENTRIES, is_life
from orchestrators.context import Context, Task, Timer

POKE = "poke"
RETRY = timedelta(seconds=5)  # an activity fails only when the store is away
MAX_FAILURES = 60  # in a row: five minutes without a store, then the instance fails loudly

Pump = Generator[Task, Task, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Read:
    """Fetch what the log has after the cursor."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Append that a deadline has passed."""

    deadline: Deadline
    due: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before a failed activity is tried again."""


Job = Read | Miss | Pause | Command


@dataclass(slots=True, kw_only=True)
class Desk:
    """What lies before the pump: state, jobs in order, and how many facts there have been."""

    state: CallState
    jobs: deque[Job] = field(default_factory=lambda: deque([Read()]))
    facts: int = 0
    failures: int = 0
    bounded: bool = False

    @property
    def over(self) -> bool:
        """Whether the orchestration may end."""
        return not self.jobs and (self.state.closed or self.bounded)

    def read_again(self) -> None:
        """Read before anything else is done, once; not any more in a call that is stopped."""
        if Read() not in self.jobs and not self.bounded:
            self.jobs.appendleft(Read())

    def again(self, job: Job, error: Exception) -> None:
        """Do a failed job again, later. Raises RuntimeError when it has failed too often."""
        self.failures += 1
        if self.failures > MAX_FAILURES:
            raise RuntimeError("the call's store is away for too long") from error
        self.jobs.extendleft((job, Pause()))

    def fold(self, page: Mapping[str, Any]) -> None:
        """Take a page of the log: `{"entries": [...], "more": bool}`."""
        if self.bounded:
            return
        for entry in ENTRIES.validate_python(page["entries"]):
            self.facts += is_life(entry.fact) and entry.n > self.state.cursor
            self.state, commands = step(self.state, entry)
            self.jobs.extend(commands)
        if self.facts > self.state.limits.facts:
            # Something feeds this call without end. Stop loudly, and leave a record.
            self.bounded = True
            self.jobs = deque([HangUp(id="bound.0"), Archive(id="bound.1")])
        elif page["more"]:
            self.read_again()


def run_call(context: Context) -> Pump:
    """Run one call; input: call id, scenario hash, graph, limits (ids, names and numbers only)."""
    order = context.get_input()
    desk = Desk(state=CallState(call_id=order["call_id"], limits=Limits(**order["limits"])))
    alarm = Alarm(context)
    poke = context.wait_for_external_event(POKE)
    reads: list[Task] = []  # those that keep a new waiter or timer company
    work: Task | None = None
    job: Job = Read()
    while not desk.over or work or reads:
        context.set_custom_status(_status(desk.state))
        if work is None and desk.jobs:
            job = desk.jobs.popleft()
            work = _begin(context, desk.state, job)
        if alarm.set(desk.state.next_deadline()):
            reads.append(_begin(context, desk.state, Read()))
        winner = yield context.task_any([poke, *reads, *([work] if work else []), *alarm.waits])
        if winner == poke:
            poke = context.wait_for_external_event(POKE)
            reads.append(_begin(context, desk.state, Read()))
        elif winner in reads:
            reads.remove(winner)
            _finish(desk, Read(), winner.result)
        elif winner == work:
            work = None
            _finish(desk, job, winner.result)
        else:
            desk.jobs.appendleft(alarm.rang())
    alarm.set(None)
    context.set_custom_status(_status(desk.state))
    return _summary(desk)


class Alarm:
    """At most one timer, for the next deadline; remade only when that changes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._for: tuple[Deadline, float] | None = None
        self._timer: Timer | None = None

    @property
    def waits(self) -> list[Task]:
        return [self._timer] if self._timer else []

    def set(self, deadline: tuple[Deadline, float] | None) -> bool:
        """Ring at this deadline and no other; return whether there is a new timer."""
        if deadline == self._for:
            return False
        if self._timer:
            self._timer.cancel()
        self._for, self._timer = deadline, None
        if deadline:
            self._timer = self._context.create_timer(datetime.fromtimestamp(deadline[1], UTC))
        return deadline is not None

    def rang(self) -> Miss:
        """Note that the timer has fired; return what that means."""
        if self._for is None:
            raise RuntimeError("a timer fired that nobody had set")
        self._timer = None
        return Miss(*self._for)


def _begin(context: Context, state: CallState, job: Job) -> Task:
    call_id = state.call_id
    match job:
        case Read():
            return context.call_activity("read_log", {"call_id": call_id, "after": state.cursor})
        case Pause():
            return context.create_timer(context.current_utc_datetime + RETRY)
        case Miss(deadline=deadline, due=due):
            missed = {"call_id": call_id, "deadline": deadline.value, "due": due}
            return context.call_activity("append_overdue", missed)
        case command:
            done = {"call_id": call_id, "command": COMMAND.dump_python(command, mode="json")}
            return context.call_activity("perform", done)


def _finish(desk: Desk, job: Job, result: Any) -> None:
    if isinstance(result, Exception):  # SDK 1.x hands over a failure as a value
        desk.again(job, result)
        return
    match job:
        case Pause():
            return
        case Read():
            desk.fold(result)
        case _:
            desk.read_again()
    desk.failures = 0


def _status(state: CallState) -> dict[str, Any]:
    return {"phase": state.phase.value, "agent": state.agent, "cursor": state.cursor}


def _summary(desk: Desk) -> dict[str, Any]:
    state = desk.state
    return {
        "call_id": state.call_id,
        "phase": Phase.ENDED.value,
        "outcome": state.outcome.value if state.outcome else "failed",
        "ended_by": state.ended_by or ("limit" if desk.bounded else ""),
        "reconciled": state.reconciled,
        "facts": desk.facts,
        "cursor": state.cursor,
    }
