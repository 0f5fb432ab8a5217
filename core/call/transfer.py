"""The caller is connected to a person: asked for, accepted, or failed."""

from __future__ import annotations

from dataclasses import replace

from core import facts as f
from core.call.commands import TellRelay, Transfer, WakePromise
from core.call.decision import Decision, clear, command_id, due
from core.call.phases import Move, can, moved
from core.call.state import CallState, Deadline, Media


def transfer(state: CallState, entry: f.LogEntry, target: str, request: str) -> Decision:
    if not can(state, Move.TRANSFER):
        return state, ()
    state = replace(moved(state, Move.TRANSFER), transfer_id=request)
    state = due(state, Deadline.TRANSFER, entry.at + state.limits.transfer_s)
    return state, (Transfer(id=command_id(entry), target=target, request_id=request),)


def transfer_accepted(state: CallState, request: str, at: float) -> CallState:
    late = can(state, Move.TRANSFER) and request == state.given_up != ""
    if request != state.transfer_id and not late:
        return state
    # Nothing takes back what the carrier has begun: somebody may answer after we gave up.
    state = moved(state, Move.TRANSFER) if late else state
    state = clear(replace(state, accepted=True, transfer_id=request), Deadline.TRANSFER)
    return due(state, Deadline.RECONCILE, at + state.limits.hang_up_grace_s)


def transfer_failed(state: CallState, entry: f.LogEntry, request: str) -> Decision:
    if not can(state, Move.RETURN) or request != state.transfer_id:
        return state, ()
    state = replace(moved(state, Move.RETURN), transfer_id="", given_up=request)
    state = clear(state, Deadline.TRANSFER)
    tell = TellRelay(id=command_id(entry), directive="transfer_failed", ref=request)
    if state.media is not Media.ATTACHED:
        return due(state, Deadline.RECONCILE, entry.at), (tell,)
    return state, (tell,)


def stirred(state: CallState, entry: f.LogEntry) -> Decision:
    """Have a transfer look who is there, if one is under way."""
    if not can(state, Move.RETURN) or state.accepted:
        return state, ()
    request = state.transfer_id
    return state, (WakePromise(id=command_id(entry), promise="transfer", request_id=request),)
