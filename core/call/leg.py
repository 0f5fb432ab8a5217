"""The caller's leg: it comes up, talks, is hung up, and ends."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import Archive, HangUp
from core.call.decision import Decision, clear, command_id, due
from core.call.phases import Move, can, moved
from core.call.recording import last_commands
from core.call.state import CallState, Deadline, Media, Outcome, Phase, Recording
from core.result_codes import Cause


def answered(state: CallState, leg: str, at: float) -> CallState:
    state = replace(state, connection_id=state.connection_id or leg)
    if state.phase is not Phase.OFFERED:
        return state  # CallConnected may overtake the answer's own response
    state = moved(state, Move.ANSWER)
    if state.direction is f.Direction.OUTBOUND:
        return due(state, Deadline.CONNECT, at + state.limits.ring_s)
    state = replace(state, speechless_since=at)
    state = due(state, Deadline.CONNECT, at + state.limits.connect_s)
    return due(state, Deadline.RECONCILE, at + state.limits.settle_s)


def refused(state: CallState, at: float) -> CallState:
    """Wait a moment before giving up: an answer that was taken shows itself by its events.

    Its response may be lost or still on its way to another delivery, and the carrier may then
    refuse us as somebody who comes too late.
    """
    state = replace(state, refused=True)
    return due(state, Deadline.CONNECT, at + state.limits.refused_s)


def talking(state: CallState, at: float) -> CallState:
    if not can(state, Move.UP):
        return state
    state = clear(moved(state, Move.UP), Deadline.CONNECT, Deadline.RECONCILE)
    state = _bounded(state, at)
    state = due(state, Deadline.WATCH, at + state.limits.watch_s)
    if state.media is Media.ATTACHED:
        return state
    if state.speechless_since is None:
        state = replace(state, speechless_since=at)
    return due(state, Deadline.ATTACH, at + state.limits.attach_s)


def _bounded(state: CallState, at: float) -> CallState:
    """Set the call's end, and a moment before it to say so in a call that is long enough."""
    limits = state.limits
    state = due(state, Deadline.DURATION, at + limits.duration_s)
    if not 0 < limits.warning_s < limits.duration_s:
        return state
    return due(state, Deadline.WARNING, at + limits.duration_s - limits.warning_s)


def hang_up(state: CallState, entry: f.LogEntry, by: str) -> Decision:
    state = replace(moved(state, Move.HANG_UP), ended_by=state.ended_by or by)
    state = due(
        clear(state, Deadline.ATTACH, Deadline.WAKE, Deadline.TRANSFER, Deadline.WARNING),
        Deadline.RECONCILE,
        entry.at + state.limits.hang_up_grace_s,
    )
    return state, (HangUp(id=command_id(entry)),)


def disconnected(state: CallState, entry: f.LogEntry) -> Decision:
    state = replace(state, accepted=state.accepted or _taken(state))
    heard = state.media in (Media.ATTACHED, Media.LOST)
    if state.phase in (Phase.OFFERED, Phase.ANSWERED) and not heard:
        return end(state, entry, Outcome.UNANSWERED, state.ended_by or "caller")
    return end(state, entry, *how(state))


def _taken(state: CallState) -> bool:
    """Whether a leg's end shows that somebody took the caller, though nobody said so.

    A leg that our side ends without our hang-up goes because the carrier passed the caller on.
    """
    by_carrier = state.phase is Phase.TRANSFERRING and state.cause is Cause.BY_US
    return by_carrier or state.cause is Cause.TRANSFERRED


def how(state: CallState) -> tuple[Outcome, str]:
    if state.accepted:
        return Outcome.TRANSFERRED, "transfer"
    if state.turned_away:
        return Outcome.REFUSED, "limit"
    if state.ended_by == "fault" or state.connection_id == "":
        return Outcome.FAILED, state.ended_by or "fault"
    return Outcome.COMPLETED, state.ended_by or "caller"


def end(state: CallState, entry: f.LogEntry, outcome: Outcome, by: str) -> Decision:
    commands = (*last_commands(state, entry), Archive(id=command_id(entry)))
    recording = Recording.OVER if len(commands) > 1 else state.recording
    ended = replace(moved(state, Move.END), outcome=outcome, ended_by=by, deadlines={})
    return replace(ended, recording=recording), commands
