"""What a decision about a call is, and the few moves that every decision is made of."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import Command
from core.call.state import CallState, Deadline

Decision = tuple[CallState, tuple[Command, ...]]


def command_id(entry: f.LogEntry, part: int = 0) -> str:
    """Name a command after the entry that called for it: the same on every replay."""
    return f"{entry.n}.{part}"


def due(state: CallState, deadline: Deadline, at: float) -> CallState:
    return replace(state, deadlines={**state.deadlines, deadline: at})


def clear(state: CallState, *deadlines: Deadline) -> CallState:
    kept = {name: at for name, at in state.deadlines.items() if name not in deadlines}
    return replace(state, deadlines=kept)
