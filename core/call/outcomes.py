"""What came of our commands, what the carrier says when asked, and what time says."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from core import facts as f
from core.call.commands import Reconcile, TellRelay
from core.call.decision import Decision, clear, command_id, due
from core.call.leg import disconnected, end, hang_up, how
from core.call.media import dial_again, without_relay
from core.call.recording import command_failed
from core.call.state import CallState, Deadline, Media, Outcome, Phase
from core.call.transfer import transfer_failed
from core.call.waking import never_woke, up, wait, woken


def command_done(state: CallState, entry: f.LogEntry, done: f.CommandDone) -> Decision:
    match done.command, done.outcome:
        case "wake", outcome:
            return woken(state, entry, ok=outcome == "ok")
        case _, "ok":
            return state, ()
        case (("hang_up" | "start_media"), "gone"):
            return end(state, entry, *how(state))
        case (("reconcile" | "hang_up"), _):
            return due(state, Deadline.RECONCILE, entry.at + state.limits.hang_up_grace_s), ()
        case "start_media", _ if state.phase is Phase.TALKING:
            return due(state, Deadline.RECONCILE, entry.at + state.limits.detach_grace_s), ()
        case (("apologise" | "say_busy"), _):
            return hang_up(state, entry, "fault")
        case "stop_recording", "gone":
            return state, ()  # it never began
        case command, _ if command.endswith("_recording"):
            return command_failed(state, entry, command)
        case _:
            return state, ()


def reconciled(state: CallState, entry: f.LogEntry, found: f.Reconciled) -> Decision:
    if found.state is f.LegState.GONE:
        return disconnected(replace(state, reconciled=True), entry)
    if state.phase is Phase.ENDING and Deadline.RECONCILE in state.deadlines:
        return state, ()  # asked before the end began; its own time has not run out
    if state.phase is Phase.ENDING:
        return hang_up(state, entry, state.ended_by)
    if found.state is f.LegState.CONNECTED:
        state, commands = up(state, entry)
        if commands:
            return state, commands
    elif state.phase in (Phase.OFFERED, Phase.ANSWERED):
        if Deadline.CONNECT in state.deadlines:
            return state, ()
        return hang_up(state, entry, "fault")  # it neither came up nor failed in time
    if state.accepted:  # the leg of a caller whom somebody took goes by itself, soon
        return due(state, Deadline.RECONCILE, entry.at + state.limits.hang_up_grace_s), ()
    if not found.attended and state.media is Media.ATTACHED:
        state = without_relay(state, entry.at)
    return _relay_wanted(state, entry)


def _relay_wanted(state: CallState, entry: f.LogEntry) -> Decision:
    """Have a relay come to a caller who talks and has none."""
    if state.phase is not Phase.TALKING or state.media is Media.ATTACHED:
        return state, ()
    if state.media is not Media.ASLEEP:
        return dial_again(state, entry)
    return (state, ()) if Deadline.WAKE in state.deadlines else wait(state, entry)


def overdue(state: CallState, entry: f.LogEntry, name: str, was_due: float) -> Decision:
    deadline = Deadline(name)
    if state.deadlines.get(deadline) != was_due:
        return state, ()  # it was met, or moved, before anybody noticed
    state = clear(state, deadline)
    match deadline:
        case Deadline.WARNING:
            return state, (TellRelay(id=command_id(entry), directive="time_is_short", ref=""),)
        case Deadline.DURATION:
            return hang_up(state, entry, "limit")
        case Deadline.TRANSFER:
            return transfer_failed(state, entry, state.transfer_id)
        case Deadline.WATCH:
            state = due(state, Deadline.WATCH, entry.at + state.limits.watch_s)
            return state, (Reconcile(id=command_id(entry)),)
        case Deadline.WAKE:
            return never_woke(state, entry)
        case Deadline.CONNECT if state.refused and state.phase is Phase.OFFERED:
            return end(state, entry, Outcome.UNANSWERED, "carrier")
        case Deadline.CONNECT | Deadline.ATTACH | Deadline.RECONCILE:
            return state, (Reconcile(id=command_id(entry)),)
        case _:
            assert_never(deadline)
