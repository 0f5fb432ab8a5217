"""A caller is with us and no relay runs: one is woken, meanwhile he hears that he is not forgotten.

The call was answered without audio, so that it stops ringing at once. Waking is tried again and
again, each time for a moment only, so that nothing else has to wait behind it.
"""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import Command, Reassure, Reconcile, Wake
from core.call.decision import Decision, clear, command_id, due
from core.call.leg import talking
from core.call.media import apologise, dial_again
from core.call.room import say_busy
from core.call.state import CallState, Deadline, Media, Phase

TRY_S = 2.0  # for one attempt: commands are done one at a time, and a hang-up may be the next
REASSURE_EVERY = 4  # attempts: about eight seconds


def asleep(state: CallState, entry: f.LogEntry) -> Decision:
    """Note that the call was answered, or is being placed, without audio."""
    if state.turned_away:
        return say_busy(state, entry) if state.phase is Phase.TALKING else (state, ())
    if state.media is not Media.NONE:
        return state, ()  # a relay has it all the same: an earlier delivery answered otherwise
    state = replace(state, media=Media.ASLEEP)
    if state.phase is Phase.TALKING:  # CallConnected overtook the answer's own response
        return wait(state, entry)
    # Nobody listens yet while we ring somebody: the time is used.
    outbound = state.direction is f.Direction.OUTBOUND
    return state, (Wake(id=command_id(entry)),) if outbound else ()


def up(state: CallState, entry: f.LogEntry) -> Decision:
    """Note that both ends hear each other; a relay that does not run is waited for."""
    before, state = state.phase, talking(state, entry.at)
    if state.phase is before or state.phase is not Phase.TALKING:
        return state, ()
    if state.turned_away:
        return say_busy(state, entry)
    match state.media:
        case Media.ASLEEP:
            return wait(state, entry)
        case Media.AWAKE:
            return dial_again(state, entry)
        case _:
            return state, ()


def wait(state: CallState, entry: f.LogEntry) -> Decision:
    state = replace(state, speechless_since=entry.at, redials=0)
    state = due(clear(state, Deadline.ATTACH), Deadline.WAKE, entry.at + state.limits.wake_s)
    return state, (Reassure(id=command_id(entry)), Wake(id=command_id(entry, 1)))


def woken(state: CallState, entry: f.LogEntry, *, ok: bool) -> Decision:
    """Have the relay dialled that is there now, or try again to wake one."""
    if state.media is not Media.ASLEEP:
        return state, ()
    if ok:
        state = clear(replace(state, media=Media.AWAKE), Deadline.WAKE)
        if state.phase is not Phase.TALKING:
            return state, ()
        return dial_again(replace(state, speechless_since=entry.at, redials=0), entry)
    if state.phase is Phase.ANSWERED and state.direction is f.Direction.OUTBOUND:
        return state, (Wake(id=command_id(entry)),)
    if state.deadlines.get(Deadline.WAKE, 0.0) - entry.at < TRY_S:
        return state, ()  # the apology must not wait behind another attempt
    # Whoever has hung up meanwhile, and nobody told us, is not waited for.
    commands: tuple[Command, ...] = (Reconcile(id=command_id(entry)),)
    state = replace(state, redials=state.redials + 1)
    if state.redials % REASSURE_EVERY == 0:
        commands += (Reassure(id=command_id(entry, 1)),)
    return state, (*commands, Wake(id=command_id(entry, 2)))


def never_woke(state: CallState, entry: f.LogEntry) -> Decision:
    """Tell the caller the truth: it took too long."""
    if state.media is not Media.ASLEEP or state.phase is not Phase.TALKING:
        return state, ()
    return apologise(state, entry)
