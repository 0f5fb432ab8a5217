"""The wait for tools at work, in which the caller does not hear nothing for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from core.tools import ToolResult
from media_relay.call_settings import ToolSettings
from media_relay.thought import Thought

_LOOK_S = 0.1  # how often one listens whether the agent has finished speaking


async def wait_for(
    running: Iterable[asyncio.Task[ToolResult]],
    thought: Thought,
    *,
    longest_s: float,
    fillers: tuple[str, str],
    say: Callable[[str], None],
    settings: ToolSettings,
) -> None:
    """Wait for tools that may take `longest_s`; `fillers` are said first, and then every time."""
    clock = asyncio.get_running_loop().time
    pending = set(running)
    if not pending:
        return
    words, still_working = fillers
    began, patience = clock(), settings.filler_s
    ends = began + longest_s + settings.record_s + settings.grace_s
    due = began + patience
    while pending and (now := clock()) < ends:
        _, pending = await asyncio.wait(pending, timeout=min(due, ends) - now)
        quiet = thought.quiet_for()
        if not pending or clock() < due:
            continue
        if quiet >= patience:
            thought.waited(clock() - began)
            thought.mark()
            say(words)
            words, patience = still_working, settings.again_s
        due = clock() + max(patience - quiet, _LOOK_S)
    thought.waited(clock() - began)
