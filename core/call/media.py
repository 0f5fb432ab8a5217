"""Who has the caller's audio: a relay comes, goes, is missed and is dialled again."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import Apologise, Reassure, StartMedia
from core.call.decision import Decision, clear, command_id, due
from core.call.leg import talking
from core.call.phases import Move, moved
from core.call.state import CallState, Deadline, Media, Phase

REASSURING_REDIAL = 2  # the first is over before a caller wonders


def attached(state: CallState, epoch: int, at: float) -> CallState:
    if epoch < state.epoch:
        return state
    state = replace(state, epoch=epoch, media=Media.ATTACHED, attached_at=at)
    # The audio socket may open before CallConnected arrives, or that event may be lost.
    state = clear(talking(state, at), Deadline.ATTACH, Deadline.WAKE)
    # A call that is ending or was taken by somebody else still waits for its end.
    return clear(state, Deadline.RECONCILE) if state.phase is Phase.TALKING else state


def detached(
    state: CallState, entry: f.LogEntry, epoch: int, *, at_once: bool, unheard: bool = False
) -> Decision:
    """Note that a relay has the audio no more; `at_once`: it is known that the call goes on."""
    if epoch != state.epoch or state.media is not Media.ATTACHED:
        return state, ()
    state = without_relay(state, entry.at, unheard=unheard)
    if at_once and state.phase is Phase.TALKING:
        return dial_again(state, entry)
    return due(state, Deadline.RECONCILE, entry.at + state.limits.detach_grace_s), ()


def without_relay(state: CallState, at: float, *, unheard: bool = False) -> CallState:
    """Note that nobody has the audio.

    A session that can not have helped the caller counts for none: it was too short, or unheard.
    """
    state = replace(state, media=Media.LOST)
    helped = not unheard and at - state.attached_at >= state.limits.unattended_s
    if state.speechless_since is None or helped:
        return replace(state, speechless_since=at, redials=0)
    return state


def media_lost(state: CallState, entry: f.LogEntry, *, failed: bool) -> Decision:
    if state.phase is not Phase.TALKING or state.media is Media.ASLEEP:
        return state, ()
    if state.media is Media.ATTACHED:
        return _doubted(state, entry, failed=failed)
    if state.redials and Deadline.ATTACH in state.deadlines:
        # We have dialled just now, and nobody was there: give a relay time to come back.
        pause = entry.at + state.limits.redial_s
        return due(clear(state, Deadline.ATTACH), Deadline.RECONCILE, pause), ()
    return dial_again(state, entry)


def _doubted(state: CallState, entry: f.LogEntry, *, failed: bool) -> Decision:
    """Decide whether to believe the carrier, who says that a relay with a session lost the audio.

    Soon after the session began, the event may be about the one before. A stop comes before most
    ends of calls. In both cases a relay that lives reports a loss itself: look whether it does.
    """
    if failed and entry.at - state.attached_at >= state.limits.detach_grace_s:
        return dial_again(without_relay(state, entry.at), entry)
    look = entry.at + state.limits.unattended_s
    return due(state, Deadline.RECONCILE, state.deadlines.get(Deadline.RECONCILE, look)), ()


def dial_again(state: CallState, entry: f.LogEntry) -> Decision:
    """Have the relay dialled again; say so if it takes long, give up with an apology."""
    since = entry.at if state.speechless_since is None else state.speechless_since
    redials = state.redials + 1
    state = replace(state, redials=redials, speechless_since=since)
    state = clear(state, Deadline.RECONCILE, Deadline.ATTACH)
    if entry.at - since >= state.limits.speechless_s:
        return apologise(state, entry)
    state = due(state, Deadline.ATTACH, entry.at + state.limits.attach_s)
    if redials == REASSURING_REDIAL:
        return state, (StartMedia(id=command_id(entry)), Reassure(id=command_id(entry, 1)))
    return state, (StartMedia(id=command_id(entry)),)


def apologise(state: CallState, entry: f.LogEntry) -> Decision:
    """Tell the caller that nobody can speak with him; the call ends with that."""
    state = due(state, Deadline.RECONCILE, entry.at + state.limits.prompt_s)
    return replace(moved(state, Move.HANG_UP), ended_by="fault"), (Apologise(id=command_id(entry)),)
