"""The monitor: misses relays that say nothing any more, while calls live.

One instance for all calls, begun by the heartbeats of relays that have some. It looks by an
activity of some seconds, not by timers: those of a storage queue are too coarse for a caller who
hears silence, and while calls live heartbeats keep an instance of the app awake anyway. It takes
no events, so it may continue as new. Should it fail, the next heartbeats begin it again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from orchestrators.context import Context, Task


def run_monitor(context: Context) -> Generator[Task, dict[str, Any]]:
    """Watch as long as there is something to watch; input: how far it was watched, or nothing."""
    watched = yield context.call_activity("watch_relays", context.get_input())
    if watched["live"]:
        context.continue_as_new(watched)
