"""What each fact of a call changes, and what to do about it.

`step` is the only place where a call changes phase. It is pure, so the orchestration may run it
again on every replay, and `fold` over the log gives the same state to everybody who reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, assert_never

from core import facts as f
from core.call.commands import Archive, StartPromise, TellRelay
from core.call.decision import Decision, command_id, due
from core.call.leg import answered, disconnected, end, hang_up, refused
from core.call.media import attached, detached, media_lost
from core.call.outcomes import command_done, overdue, reconciled
from core.call.recording import changed, command_failed, consent_decided, secret_awaited
from core.call.room import turned_away
from core.call.state import CallState, Deadline, Outcome, Phase
from core.call.transfer import stirred, transfer, transfer_accepted, transfer_failed
from core.call.waking import asleep, up
from core.result_codes import cause_of

LAST_WORDS = ("apology", "busy")  # prompts that a call ends with


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
            return state, (Archive(id=command_id(entry)),)
        case f.CommandDone(command="stop_recording", outcome="failed"):
            return command_failed(state, entry, "stop_recording")
        case f.CommandDone(command="stop_recording", outcome="ok") if state.stops:
            return state, (Archive(id=command_id(entry)),)  # the record says that it would not
        case f.ApprovalRequested() | f.CallbackRequested() as promised:
            return state, (_begun(entry, promised),)
        case _:
            return state, ()


def _live(state: CallState, entry: f.LogEntry, fact: f.LifeFact) -> Decision:
    """Return what becomes of a call that goes on, by who tells."""
    if isinstance(fact, f.CarrierFact):
        return _carrier(state, entry, fact)
    if isinstance(fact, f.RelayFact):
        return _relay(state, entry, fact)
    if isinstance(fact, f.RequestFact):
        return _requested(state, entry, fact)
    if isinstance(fact, f.PeopleFact):
        return _people(state, entry, fact)
    return _ourselves(state, entry, fact)


def _carrier(state: CallState, entry: f.LogEntry, fact: f.CarrierFact) -> Decision:  # noqa: C901, PLR0912 one row per fact
    match fact:
        case f.Connected(connection_id=leg):
            return up(replace(state, connection_id=leg), entry)
        case f.ConnectFailed(code=code, sub_code=sub_code):
            state = replace(state, cause=cause_of(code, sub_code))
            return end(state, entry, Outcome.UNANSWERED, "carrier")
        case f.Disconnected(code=code, sub_code=sub_code):
            return disconnected(replace(state, cause=cause_of(code, sub_code)), entry)
        case f.MediaStopped() if Deadline.ATTACH in state.deadlines:
            return state, ()  # our own stop, before the start that is still awaited
        case f.MediaStopped() | f.MediaFailed():
            return media_lost(state, entry, failed=isinstance(fact, f.MediaFailed))
        case f.TransferAccepted(request_id=request):
            return transfer_accepted(state, request, entry.at), ()
        case f.TransferFailed(request_id=request):
            return transfer_failed(state, entry, request)
        case f.ParticipantsChanged():
            return stirred(state, entry)
        case f.PromptPlayed(context=context):
            return hang_up(state, entry, "fault") if context in LAST_WORDS else (state, ())
        case f.RecordingChanged(state=now):
            return changed(state, now), ()
        case f.OtherEvent(known=False):
            return replace(state, unknown_events=state.unknown_events + 1), ()
        case f.PersonJoined() | f.PersonRefused():
            return state, ()  # the transfer's own orchestration reads them
        case f.MediaStarted() | f.Recognised() | f.ToneHeard() | f.OtherEvent():
            return state, ()
        case _:
            assert_never(fact)


def _relay(state: CallState, entry: f.LogEntry, fact: f.RelayFact) -> Decision:
    match fact:
        case f.SessionOpened(epoch=epoch):
            return attached(state, epoch, entry.at), ()
        case f.MediaDetached(epoch=epoch, handed_on=handed_on, unheard=unheard):
            return detached(state, entry, epoch, at_once=handed_on, unheard=unheard)
        case f.HandedOff(to_agent=agent):
            return replace(state, agent=agent), ()
        case f.SecretAwaited(awaited=awaited):
            return secret_awaited(state, entry, awaited=awaited)
        case f.TransferAnnounced():
            return state, ()  # the transfer's own orchestration reads it
        case _:
            assert_never(fact)


def _requested(state: CallState, entry: f.LogEntry, fact: f.RequestFact) -> Decision:
    match fact:
        case f.HangUpRequested(by=by):
            return hang_up(state, entry, by)
        case f.TransferRequested(target=target, request_id=request):
            return transfer(state, entry, target, request)
        case f.ApprovalRequested() | f.CallbackRequested():
            return state, (_begun(entry, fact),)
        case _:
            assert_never(fact)


def _people(state: CallState, entry: f.LogEntry, fact: f.PeopleFact) -> Decision:
    match fact:
        case f.ConsentDecided(decision=decision):
            return consent_decided(state, entry, decision)
        case f.ApprovalDecided(request_id=request):
            tell = TellRelay(id=command_id(entry), directive="approval_decided", ref=request)
            return state, (tell,)
        case f.Whispered(id=whisper):
            return state, (TellRelay(id=command_id(entry), directive="whisper", ref=whisper),)
        case f.ConsultAnswered():
            return state, ()  # the transfer's own orchestration reads it
        case _:
            assert_never(fact)


def _ourselves(state: CallState, entry: f.LogEntry, fact: f.OwnFact) -> Decision:  # noqa: C901 one row per fact
    at = entry.at
    match fact:
        case f.Offered(direction=direction, limits=limits):
            # A host that dies between claiming and answering leaves nothing else to wake us.
            bounds = state.limits.with_those_of(limits)
            offered = replace(state, direction=direction, limits=bounds)
            return due(offered, Deadline.CONNECT, at + bounds.ring_s), ()
        case f.Answered(connection_id=leg, streaming=streaming):
            state = answered(state, leg, at)
            return (state, ()) if streaming else asleep(state, entry)
        case f.TurnedAway(how=how):
            return turned_away(state, entry, how)
        case f.AnswerRefused() if state.phase is not Phase.OFFERED:
            return state, ()  # another delivery of the same ring was answered
        case f.AnswerRefused():
            return refused(state, at), ()
        case f.RelayLost(epoch=epoch):
            return detached(state, entry, epoch, at_once=True)
        case f.CommandDone():
            return command_done(state, entry, fact)
        case f.Reconciled():
            return reconciled(state, entry, fact)
        case f.Overdue(deadline=deadline, due=was_due):
            return overdue(state, entry, deadline, was_due)
        case f.TransferStepped() | f.RecordingStarted() | f.RecordingKept():
            return state, ()
        case _:
            assert_never(fact)


def _begun(entry: f.LogEntry, fact: f.ApprovalRequested | f.CallbackRequested) -> StartPromise:
    promise: Literal["approval", "callback"] = "callback"
    if isinstance(fact, f.ApprovalRequested):
        promise = "approval"
    return StartPromise(id=command_id(entry), promise=promise, request_id=fact.request_id)
