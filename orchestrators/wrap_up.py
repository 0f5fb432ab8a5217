"""What is made of a call when it is over: one orchestration per call, one step after the other.

Each step is tried again on its own, later and later. The last time it puts its failure on the
call's record instead, and the next step goes on: nothing that failed takes others along.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import Any

from orchestrators.context import Context, Task

STEPS = ("transcript", "analysis", "customer", "publish")
# A hiccup, a restart, an outage; then people look at the record and see what is missing.
PAUSES = tuple(timedelta(seconds=each) for each in (5, 30, 120, 600, 3600))

WrapUp = Generator[Task, Task, dict[str, Any]]


def run_wrap_up(context: Context) -> WrapUp:
    """Wrap one call up; input: `{call_id, round}`."""
    order = context.get_input()
    done = {}
    for step in STEPS:
        done[step] = yield from _tried(context, {**order, "step": step})
    return {"call_id": order["call_id"], "round": order["round"], "steps": done}


def _tried(context: Context, order: Mapping[str, Any]) -> Generator[Task, Task, str]:
    for pause in (*PAUSES, None):
        asked = {**order, "last": pause is None}
        work = yield context.task_any([context.call_activity("wrap_up_step", asked)])
        if not isinstance(work.result, Exception):  # SDK 1.x hands over a failure as a value
            return str(work.result["outcome"])
        if pause is not None:
            yield context.task_any([context.create_timer(context.current_utc_datetime + pause)])
    return "failed"  # not even the failure could be written down
