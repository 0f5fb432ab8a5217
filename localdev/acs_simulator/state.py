"""The life of a call as the service sees it: what may happen next, and what follows from it.

Pure. `step` takes a state and what happened; it returns the next state with the effects to carry
out, or the refusal that the service would answer. Assumed, not documented: that starting active
or stopping inactive media streaming is refused with 8585, and a second answer with 8522.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, assert_never

from localdev.acs_simulator import service_errors as refuse
from localdev.acs_simulator.happenings import (
    BY_APP,
    BY_CALLER,
    CANCELLED,
    DONE,
    NO_OPERATION,
    PUT_THROUGH,
    SOCKET_LOST,
    SOCKET_REFUSED,
    AppHungUp,
    CalleeRefused,
    CallerLeft,
    CloseMedia,
    Connect,
    Effect,
    Happening,
    LineUp,
    MediaAsked,
    MediaStopAsked,
    OpenMedia,
    Operation,
    Raise,
    Redirected,
    Rejected,
    Result,
    RingEnded,
    SocketLost,
    SocketOpened,
    SocketRefused,
    Taken,
    TransferAsked,
    TransferRefused,
    TransferTaken,
    TryTransfer,
)
from localdev.acs_simulator.service_errors import ServiceError


class Phase(StrEnum):
    """Where a call is."""

    RINGING = "ringing"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    TRANSFERRING = "transferring"
    DISCONNECTED = "disconnected"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REDIRECTED = "redirected"
    CANCELLED = "cancelled"


class Media(StrEnum):
    """Where the media stream of a call is. NONE: it was not asked for at answer."""

    NONE = "none"
    INACTIVE = "inactive"
    CONNECTING = "connecting"
    ACTIVE = "active"
    STOPPED = "stopped"
    FAILED = "failed"


ENDED = frozenset(Phase) - {
    Phase.RINGING,
    Phase.CONNECTING,
    Phase.CONNECTED,
    Phase.TRANSFERRING,
}
ESTABLISHED = frozenset({Phase.CONNECTED, Phase.TRANSFERRING})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that decides what may happen next. `transfer` is the one under way."""

    phase: Phase = Phase.RINGING
    outbound: bool = False
    media: Media = Media.NONE
    start_media: bool = False
    operation: Operation = NO_OPERATION
    media_operation: Operation = NO_OPERATION
    transfer: TransferAsked | None = None
    caller: Mapping[str, Any] = field(default_factory=dict)


Step = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Happening) -> Step | ServiceError:
    """Return what becomes of the call, or why the service refuses."""
    if state.phase in ENDED:
        return _after_the_end(state, event)
    match event:
        case Taken() | Rejected() | Redirected() | RingEnded():
            return _while_ringing(state, event)
        case LineUp():
            return _line_up(state)
        case CalleeRefused() | CallerLeft() | AppHungUp():
            return _left(state, event)
        case TransferAsked() | TransferTaken() | TransferRefused():
            return _transfer(state, event)
        case MediaAsked() | MediaStopAsked():
            return _media_asked(state, event)
        case SocketOpened() | SocketRefused() | SocketLost():
            return _socket(state, event)
        case _:
            assert_never(event)


def _after_the_end(state: State, event: Happening) -> Step | ServiceError:
    match event:
        case Taken() | Rejected() | Redirected() if state.phase is Phase.EXPIRED:
            return refuse.not_answered_in_time()
        case Taken() | Rejected() | Redirected() | AppHungUp() | TransferAsked():
            return refuse.call_not_found()
        case MediaAsked() | MediaStopAsked():
            return refuse.call_not_found()
        case _:
            return state, ()


def _while_ringing(
    state: State, event: Taken | Rejected | Redirected | RingEnded
) -> Step | ServiceError:
    if state.phase is not Phase.RINGING:
        return (state, ()) if isinstance(event, RingEnded) else refuse.call_not_found()
    match event:
        case Taken():
            answered = replace(
                state,
                phase=Phase.CONNECTING,
                operation=event.operation,
                media_operation=event.operation,
                media=Media.INACTIVE if event.media else Media.NONE,
                start_media=event.start,
            )
            return answered, (Connect(),)
        case Rejected():
            return replace(state, phase=Phase.REJECTED), ()
        case Redirected():
            return replace(state, phase=Phase.REDIRECTED), ()
        case RingEnded():
            return replace(state, phase=Phase.EXPIRED), ()
        case _:
            assert_never(event)


def _line_up(state: State) -> Step:
    if state.phase is not Phase.CONNECTING:
        return state, ()
    effects: list[Effect] = [
        Raise(type="CallConnected", operation=state.operation),
        Raise(type="ParticipantsUpdated"),
    ]
    up = replace(state, phase=Phase.CONNECTED)
    if state.start_media and state.media is Media.INACTIVE:
        up = replace(up, media=Media.CONNECTING)
        effects.append(OpenMedia())
    return up, tuple(effects)


def _left(state: State, event: CalleeRefused | CallerLeft | AppHungUp) -> Step:
    match event:
        case CalleeRefused(result=result):
            return _end(state, result)
        case AppHungUp():
            return _end(state, BY_APP)
        case CallerLeft() if state.phase is Phase.RINGING:
            return replace(state, phase=Phase.CANCELLED), ()
        case CallerLeft():
            return _end(state, BY_CALLER if state.phase in ESTABLISHED else CANCELLED)
        case _:
            assert_never(event)


def _end(state: State, result: Result) -> Step:
    effects: list[Effect] = [CloseMedia()]
    if state.phase is Phase.CONNECTING:
        failed = "CreateCallFailed" if state.outbound else "AnswerFailed"
        effects.append(Raise(type=failed, result=result, operation=state.operation))
    effects.append(Raise(type="CallDisconnected", result=result, operation=state.operation))
    return replace(state, phase=Phase.DISCONNECTED, media=_closed(state.media)), tuple(effects)


def _transfer(
    state: State, event: TransferAsked | TransferTaken | TransferRefused
) -> Step | ServiceError:
    if isinstance(event, TransferAsked):
        return _transfer_asked(state, event)
    if state.transfer is None:
        return state, ()
    operation, over = state.transfer.operation, replace(state, transfer=None)
    match event:
        case TransferTaken():
            data = {"transferTarget": state.transfer.target, "transferee": state.caller}
            accepted = Raise(type="CallTransferAccepted", operation=operation, data=data)
            ended, effects = _end(over, PUT_THROUGH)
            return ended, (accepted, *effects)
        case TransferRefused(result=result):
            failed = Raise(type="CallTransferFailed", result=result, operation=operation)
            return replace(over, phase=Phase.CONNECTED), (failed,)
        case _:
            assert_never(event)


def _transfer_asked(state: State, event: TransferAsked) -> Step | ServiceError:
    if state.phase is Phase.TRANSFERRING:
        return refuse.transfer_in_progress()
    if state.phase is not Phase.CONNECTED:
        return refuse.not_established()
    return replace(state, phase=Phase.TRANSFERRING, transfer=event), (TryTransfer(),)


def _media_asked(state: State, event: MediaAsked | MediaStopAsked) -> Step | ServiceError:
    if state.phase not in ESTABLISHED:
        return refuse.not_established()
    if state.media is Media.NONE:
        return refuse.streaming_not_configured()
    running = state.media in (Media.CONNECTING, Media.ACTIVE)
    match event:
        case MediaAsked():
            if running:
                return refuse.invalid_state("media streaming is already active.")
            asked = replace(state, media=Media.CONNECTING, media_operation=event.operation)
            return asked, (OpenMedia(),)
        case MediaStopAsked():
            if not running:
                return refuse.invalid_state("media streaming is not active.")
            stopped = _media_event("Stopped", "subscriptionStopped", DONE, event.operation)
            return replace(state, media=Media.STOPPED), (CloseMedia(), stopped)
        case _:
            assert_never(event)


def _socket(state: State, event: SocketOpened | SocketRefused | SocketLost) -> Step:
    operation = state.media_operation
    match event:
        case SocketOpened():
            started = _media_event("Started", "subscriptionStarted", DONE, operation)
            return replace(state, media=Media.ACTIVE), (started,)
        case SocketRefused():
            detail, result = "initialWebSocketConnectionFailed", SOCKET_REFUSED
        case SocketLost():
            detail, result = "streamConnectionInterrupted", SOCKET_LOST
        case _:
            assert_never(event)
    return replace(state, media=Media.FAILED), (_media_event("Failed", detail, result, operation),)


def _media_event(what: str, detail: str, result: Result, operation: Operation) -> Raise:
    update = {
        "contentType": "Audio",
        "mediaStreamingStatus": f"mediaStreaming{what}",
        "mediaStreamingStatusDetails": detail,
    }
    return Raise(
        type=f"MediaStreaming{what}",
        result=result,
        operation=operation,
        data={"mediaStreamingUpdate": update},
    )


def _closed(media: Media) -> Media:
    return Media.STOPPED if media in (Media.CONNECTING, Media.ACTIVE) else media
