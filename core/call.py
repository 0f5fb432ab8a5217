"""The life of one call: what each fact changes, and what to do about it.

`step` is the only place where a call changes phase. It is pure, so the orchestration may run it
again on every replay, and `fold` over the log gives the same state to everybody who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, assert_never

from core import facts as f
from core.call_state import (
    CALL_STATE,
    CallState,
    Deadline,
    Limits,
    Media,
    Outcome,
    Phase,
)
from core.commands import (
    COMMAND,
    Apologise,
    Archive,
    Command,
    HangUp,
    Reassure,
    Reconcile,
    StartMedia,
    StartPromise,
    TellRelay,
    Transfer,
)

__all__ = [
    "CALL_STATE",
    "COMMAND",
    "Apologise",
    "Archive",
    "CallState",
    "Command",
    "Deadline",
    "HangUp",
    "Limits",
    "Media",
    "Outcome",
    "Phase",
    "Reassure",
    "Reconcile",
    "StartMedia",
    "StartPromise",
    "TellRelay",
    "Transfer",
    "fold",
    "step",
]

Decision = tuple[CallState, tuple[Command, ...]]
REASSURING_REDIAL = 2  # the first is over before a caller wonders


def fold(state: CallState, entries: Iterable[f.LogEntry]) -> CallState:
    """Return the state after all these entries; commands are somebody else's matter."""
    for entry in entries:
        state, _ = step(state, entry)
    return state


def step(state: CallState, entry: f.LogEntry) -> Decision:
    """Return the state after one entry of the log and the commands it calls for.

    An entry that was folded already (`n` not after the cursor) or came late changes nothing.
    """
    if entry.n <= state.cursor:
        return state, ()
    state = replace(state, cursor=entry.n)
    if entry.late or not isinstance(entry.fact, f.LifeFact):
        return state, ()
    if state.phase is Phase.ENDED:
        return _after_the_end(state, entry)
    return _live(state, entry, entry.fact)


def _after_the_end(state: CallState, entry: f.LogEntry) -> Decision:
    match entry.fact:
        case f.CommandDone(command="archive", outcome="ok"):
            return replace(state, archived=True), ()
        case f.CommandDone(command="archive"):
            return state, (Archive(id=_id(entry)),)
        case f.ApprovalRequested() | f.CallbackRequested() as promised:
            return state, (_begun(entry, promised),)
        case _:
            return state, ()


def _live(state: CallState, entry: f.LogEntry, fact: f.LifeFact) -> Decision:  # noqa: C901, PLR0912 one row per fact
    at = entry.at
    match fact:
        case f.Offered(direction=direction):
            # A host that dies between claiming and answering leaves nothing else to wake us.
            offered = replace(state, direction=direction)
            return _due(offered, Deadline.CONNECT, at + state.limits.ring_s), ()
        case f.Answered(connection_id=leg):
            return _answered(state, leg, at), ()
        case f.AnswerRefused() if state.phase is not Phase.OFFERED:
            return state, ()  # another delivery of the same ring was answered
        case f.AnswerRefused():
            return _refused(state, at), ()
        case f.ConnectFailed():
            return _end(state, entry, Outcome.UNANSWERED, "carrier")
        case f.Connected(connection_id=leg):
            return _talking(replace(state, connection_id=leg), at), ()
        case f.Disconnected():
            return _disconnected(state, entry)
        case f.SessionOpened(epoch=epoch):
            return _attached(state, epoch, at), ()
        case f.MediaDetached(epoch=epoch):
            return _detached(state, epoch, at), ()
        case f.MediaStopped() if Deadline.ATTACH in state.deadlines:
            return state, ()  # our own stop, before the start that is still awaited
        case f.MediaStopped() | f.MediaFailed():
            return _media_lost(state, entry, failed=isinstance(fact, f.MediaFailed))
        case f.HandedOff(to_agent=agent):
            return replace(state, agent=agent), ()
        case f.TransferRequested(target=target, request_id=request):
            return _transfer(state, entry, target, request)
        case f.TransferAccepted(request_id=request):
            return _transfer_accepted(state, request, at), ()
        case f.TransferFailed(request_id=request):
            return _transfer_failed(state, entry, request)
        case f.HangUpRequested(by=by):
            return _hang_up(state, entry, by)
        case f.PromptPlayed(context=context):
            return _hang_up(state, entry, "fault") if context == "apology" else (state, ())
        case f.ApprovalRequested() | f.CallbackRequested() as promised:
            return state, (_begun(entry, promised),)
        case f.ApprovalDecided(request_id=request):
            tell = TellRelay(id=_id(entry), directive="approval_decided", ref=request)
            return state, (tell,)
        case f.CommandDone():
            return _command_done(state, entry, fact)
        case f.Reconciled():
            return _reconciled(state, entry, fact)
        case f.Overdue(deadline=deadline, due=due):
            return _overdue(state, entry, deadline, due)
        case f.MediaStarted() | f.ParticipantsChanged() | f.OtherEvent():
            return state, ()
        case _:
            assert_never(fact)


def _id(entry: f.LogEntry, part: int = 0) -> str:
    """Name a command after the entry that called for it: the same on every replay."""
    return f"{entry.n}.{part}"


def _begun(entry: f.LogEntry, fact: f.ApprovalRequested | f.CallbackRequested) -> StartPromise:
    promise: Literal["approval", "callback"] = "callback"
    if isinstance(fact, f.ApprovalRequested):
        promise = "approval"
    return StartPromise(id=_id(entry), promise=promise, request_id=fact.request_id)


def _due(state: CallState, deadline: Deadline, at: float) -> CallState:
    return replace(state, deadlines={**state.deadlines, deadline: at})


def _clear(state: CallState, *deadlines: Deadline) -> CallState:
    kept = {name: at for name, at in state.deadlines.items() if name not in deadlines}
    return replace(state, deadlines=kept)


def _answered(state: CallState, leg: str, at: float) -> CallState:
    state = replace(state, connection_id=state.connection_id or leg)
    if state.phase is not Phase.OFFERED:
        return state  # CallConnected may overtake the answer's own response
    state = replace(state, phase=Phase.ANSWERED)
    if state.direction is f.Direction.OUTBOUND:
        return _due(state, Deadline.CONNECT, at + state.limits.ring_s)
    state = replace(state, speechless_since=at)
    state = _due(state, Deadline.CONNECT, at + state.limits.connect_s)
    return _due(state, Deadline.RECONCILE, at + state.limits.settle_s)


def _refused(state: CallState, at: float) -> CallState:
    """Wait a moment before giving up: an answer that was taken shows itself by its events.

    Its response may be lost or still on its way to another delivery, and the carrier may then
    refuse us as somebody who comes too late.
    """
    state = replace(state, refused=True)
    return _due(state, Deadline.CONNECT, at + state.limits.refused_s)


def _talking(state: CallState, at: float) -> CallState:
    if state.phase not in (Phase.OFFERED, Phase.ANSWERED):
        return state
    state = _clear(replace(state, phase=Phase.TALKING), Deadline.CONNECT, Deadline.RECONCILE)
    state = _due(state, Deadline.DURATION, at + state.limits.duration_s)
    state = _due(state, Deadline.WATCH, at + state.limits.watch_s)
    if state.media is Media.ATTACHED:
        return state
    if state.speechless_since is None:
        state = replace(state, speechless_since=at)
    return _due(state, Deadline.ATTACH, at + state.limits.attach_s)


def _attached(state: CallState, epoch: int, at: float) -> CallState:
    if epoch < state.epoch:
        return state
    state = replace(state, epoch=epoch, media=Media.ATTACHED, attached_at=at)
    # The audio socket may open before CallConnected arrives, or that event may be lost.
    state = _clear(_talking(state, at), Deadline.ATTACH)
    # A call that is ending or was taken by somebody else still waits for its end.
    return _clear(state, Deadline.RECONCILE) if state.phase is Phase.TALKING else state


def _detached(state: CallState, epoch: int, at: float) -> CallState:
    if epoch != state.epoch or state.media is not Media.ATTACHED:
        return state
    return _due(_without_relay(state, at), Deadline.RECONCILE, at + state.limits.detach_grace_s)


def _without_relay(state: CallState, at: float) -> CallState:
    """Note that nobody has the audio. A session too short to help the caller counts for none."""
    state = replace(state, media=Media.LOST)
    if state.speechless_since is None or at - state.attached_at >= state.limits.unattended_s:
        return replace(state, speechless_since=at, redials=0)
    return state


def _media_lost(state: CallState, entry: f.LogEntry, *, failed: bool) -> Decision:
    if state.phase is not Phase.TALKING:
        return state, ()
    if state.media is Media.ATTACHED:
        return _doubted(state, entry, failed=failed)
    if state.redials and Deadline.ATTACH in state.deadlines:
        # We have dialled just now, and nobody was there: give a relay time to come back.
        pause = entry.at + state.limits.redial_s
        return _due(_clear(state, Deadline.ATTACH), Deadline.RECONCILE, pause), ()
    return _again(state, entry)


def _doubted(state: CallState, entry: f.LogEntry, *, failed: bool) -> Decision:
    """Decide whether to believe the carrier, who says that a relay with a session lost the audio.

    Soon after the session began, the event may be about the one before. A stop comes before most
    ends of calls. In both cases a relay that lives reports a loss itself: look whether it does.
    """
    if failed and entry.at - state.attached_at >= state.limits.detach_grace_s:
        return _again(_without_relay(state, entry.at), entry)
    look = entry.at + state.limits.unattended_s
    return _due(state, Deadline.RECONCILE, state.deadlines.get(Deadline.RECONCILE, look)), ()


def _again(state: CallState, entry: f.LogEntry) -> Decision:
    """Have the relay dialled again; say so if it takes long, give up with an apology."""
    since = entry.at if state.speechless_since is None else state.speechless_since
    redials = state.redials + 1
    state = replace(state, redials=redials, speechless_since=since)
    state = _clear(state, Deadline.RECONCILE, Deadline.ATTACH)
    if entry.at - since >= state.limits.speechless_s:
        state = _due(state, Deadline.RECONCILE, entry.at + state.limits.attach_s)
        return replace(state, phase=Phase.ENDING, ended_by="fault"), (Apologise(id=_id(entry)),)
    state = _due(state, Deadline.ATTACH, entry.at + state.limits.attach_s)
    if redials == REASSURING_REDIAL:
        return state, (StartMedia(id=_id(entry)), Reassure(id=_id(entry, 1)))
    return state, (StartMedia(id=_id(entry)),)


def _transfer(state: CallState, entry: f.LogEntry, target: str, request: str) -> Decision:
    if state.phase is not Phase.TALKING:
        return state, ()
    state = replace(state, phase=Phase.TRANSFERRING, transfer_id=request)
    state = _due(state, Deadline.TRANSFER, entry.at + state.limits.transfer_s)
    return state, (Transfer(id=_id(entry), target=target, request_id=request),)


def _transfer_accepted(state: CallState, request: str, at: float) -> CallState:
    if request != state.transfer_id:
        return state
    state = _clear(replace(state, accepted=True), Deadline.TRANSFER)
    return _due(state, Deadline.RECONCILE, at + state.limits.hang_up_grace_s)


def _transfer_failed(state: CallState, entry: f.LogEntry, request: str) -> Decision:
    if state.phase is not Phase.TRANSFERRING or request != state.transfer_id:
        return state, ()
    state = _clear(replace(state, phase=Phase.TALKING, transfer_id=""), Deadline.TRANSFER)
    tell = TellRelay(id=_id(entry), directive="transfer_failed", ref=request)
    if state.media is Media.LOST:
        return _due(state, Deadline.RECONCILE, entry.at), (tell,)
    return state, (tell,)


def _hang_up(state: CallState, entry: f.LogEntry, by: str) -> Decision:
    state = replace(state, phase=Phase.ENDING, ended_by=state.ended_by or by)
    state = _due(
        _clear(state, Deadline.ATTACH, Deadline.TRANSFER),
        Deadline.RECONCILE,
        entry.at + state.limits.hang_up_grace_s,
    )
    return state, (HangUp(id=_id(entry)),)


def _command_done(state: CallState, entry: f.LogEntry, done: f.CommandDone) -> Decision:
    match done.command, done.outcome:
        case _, "ok":
            return state, ()
        case (("hang_up" | "start_media" | "transfer"), "gone"):
            return _end(state, entry, *_how(state))
        case (("reconcile" | "hang_up"), _):
            return _due(state, Deadline.RECONCILE, entry.at + state.limits.hang_up_grace_s), ()
        case "start_media", _ if state.phase is Phase.TALKING:
            return _due(state, Deadline.RECONCILE, entry.at + state.limits.detach_grace_s), ()
        case "transfer", _:
            return _transfer_failed(state, entry, state.transfer_id)
        case "apologise", _:
            return _hang_up(state, entry, "fault")
        case _:
            return state, ()


def _reconciled(state: CallState, entry: f.LogEntry, found: f.Reconciled) -> Decision:
    if found.state is f.LegState.GONE:
        return _disconnected(replace(state, reconciled=True), entry)
    if state.phase is Phase.ENDING:
        return _hang_up(state, entry, state.ended_by)
    if found.state is f.LegState.CONNECTED:
        state = _talking(state, entry.at)
    elif state.phase in (Phase.OFFERED, Phase.ANSWERED):
        if Deadline.CONNECT in state.deadlines:
            return state, ()
        return _hang_up(state, entry, "fault")  # it neither came up nor failed in time
    if state.accepted:  # the leg of a caller whom somebody took goes by itself, soon
        return _due(state, Deadline.RECONCILE, entry.at + state.limits.hang_up_grace_s), ()
    if not found.attended and state.media is Media.ATTACHED:
        state = _without_relay(state, entry.at)
    if state.phase is Phase.TALKING and state.media is not Media.ATTACHED:
        return _again(state, entry)
    return state, ()


def _overdue(state: CallState, entry: f.LogEntry, name: str, due: float) -> Decision:
    deadline = Deadline(name)
    if state.deadlines.get(deadline) != due:
        return state, ()  # it was met, or moved, before anybody noticed
    state = _clear(state, deadline)
    match deadline:
        case Deadline.DURATION:
            return _hang_up(state, entry, "limit")
        case Deadline.TRANSFER:
            return _transfer_failed(state, entry, state.transfer_id)
        case Deadline.WATCH:
            state = _due(state, Deadline.WATCH, entry.at + state.limits.watch_s)
            return state, (Reconcile(id=_id(entry)),)
        case Deadline.CONNECT if state.refused and state.phase is Phase.OFFERED:
            return _end(state, entry, Outcome.UNANSWERED, "carrier")
        case Deadline.CONNECT | Deadline.ATTACH | Deadline.RECONCILE:
            return state, (Reconcile(id=_id(entry)),)
        case _:
            assert_never(deadline)


def _disconnected(state: CallState, entry: f.LogEntry) -> Decision:
    if state.phase in (Phase.OFFERED, Phase.ANSWERED) and state.media is Media.NONE:
        return _end(state, entry, Outcome.UNANSWERED, state.ended_by or "caller")
    return _end(state, entry, *_how(state))


def _how(state: CallState) -> tuple[Outcome, str]:
    if state.accepted:
        return Outcome.TRANSFERRED, "transfer"
    if state.ended_by == "fault" or state.connection_id == "":
        return Outcome.FAILED, state.ended_by or "fault"
    return Outcome.COMPLETED, state.ended_by or "caller"


def _end(state: CallState, entry: f.LogEntry, outcome: Outcome, by: str) -> Decision:
    ended = replace(state, phase=Phase.ENDED, outcome=outcome, ended_by=by, deadlines={})
    return ended, (Archive(id=_id(entry)),)
