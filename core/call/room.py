"""A call for which there was no room: refused while it rings, or told so and hung up."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import SayBusy
from core.call.decision import Decision, clear, command_id, due
from core.call.leg import end
from core.call.phases import Move, moved
from core.call.state import CallState, Deadline, Outcome, Phase


def turned_away(state: CallState, entry: f.LogEntry, how: str) -> Decision:
    """Note that there is no room; the carrier was told so, unless there will be a message."""
    if state.phase is not Phase.OFFERED:
        return state, ()
    if how == "message":
        return replace(state, turned_away=True), ()
    return end(state, entry, Outcome.REFUSED, "limit")


def say_busy(state: CallState, entry: f.LogEntry) -> Decision:
    """Tell a caller who was answered for nothing else; the call ends with that."""
    state = clear(state, Deadline.ATTACH)
    state = due(state, Deadline.RECONCILE, entry.at + state.limits.prompt_s)
    state = replace(moved(state, Move.HANG_UP), ended_by="limit")
    return state, (SayBusy(id=command_id(entry)),)
