"""What outlives a call: one orchestration per promise, which reviews it when there is reason to.

A review is an activity that does whatever is due and says when to look again (`{"again": epoch
seconds, or None when all is done}`). The orchestration reviews at birth, at every poke and at that
time. As in the pump, a poke carries nothing, one waiter is open in every wait, and every new
waiter or timer comes with a review: of a `task_any` the extension sees only what is new, and goes
no further before one of that has ended.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrators.context import Context, Task, Timer

POKE = "poke"
LONGEST = timedelta(days=6)  # what a timer of every storage provider can do
RETRY = timedelta(seconds=5)
MAX_FAILURES = 60  # in a row: five minutes without a store, then the instance fails loudly

Life = Generator[Task, Task, dict[str, Any]]


def run_promise(context: Context, review: str, *, lives: int | None = None) -> Life:
    """Keep one promise; input: ids only. `review` names the activity.

    After `lives` reviews the history begins anew, for what is looked at often. A poke that is lost
    in this moment is none: what it tells of is found by the review that follows.
    """
    order = context.get_input()
    poke = context.wait_for_external_event(POKE)
    reviews = [context.call_activity(review, order)]
    pauses: list[Timer] = []  # before a failed review is tried again
    alarm = _Alarm(context)
    failures, over, done = 0, False, 0
    while reviews or not over:
        winner = yield context.task_any([poke, *reviews, *pauses, *alarm.waits])
        if winner == poke:
            poke = context.wait_for_external_event(POKE)
            reviews.append(context.call_activity(review, order))
        elif winner not in reviews:
            pauses = [pause for pause in pauses if pause != winner]
            alarm.rang(winner)
            reviews.append(context.call_activity(review, order))
        else:
            reviews.remove(winner)
            failures = _failures(failures, winner.result)
            if failures:
                pauses.append(context.create_timer(context.current_utc_datetime + RETRY))
                continue
            again = winner.result["again"]
            over, done = over or again is None, done + 1
            if lives is not None and done >= lives and not (over or reviews):
                context.continue_as_new(order)
                break
            if not over and alarm.set(datetime.fromtimestamp(again, UTC)):
                reviews.append(context.call_activity(review, order))
    for timer in (*pauses, *alarm.waits):
        timer.cancel()
    return {"id": order["id"]}


def _failures(before: int, result: Any) -> int:
    """Count failures in a row. Raises RuntimeError when there are too many."""
    if not isinstance(result, Exception):  # SDK 1.x hands over a failure as a value
        return 0
    if before >= MAX_FAILURES:
        raise RuntimeError("a promise cannot be reviewed") from result
    return before + 1


class _Alarm:
    """At most one timer; a time too far away is reached in steps."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._at: datetime | None = None
        self._timer: Timer | None = None

    @property
    def waits(self) -> list[Timer]:
        return [self._timer] if self._timer else []

    def set(self, at: datetime) -> bool:
        """Ring at this time and no other; return whether there is a new timer."""
        if at == self._at:
            return False
        if self._timer:
            self._timer.cancel()
        step = self._context.current_utc_datetime + LONGEST
        self._at, self._timer = at, self._context.create_timer(min(at, step))
        return True

    def rang(self, timer: Task) -> None:
        """Forget a timer that has fired."""
        if timer == self._timer:
            self._at = self._timer = None
