"""The life of a call, whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.acs_simulator import happenings as h
from localdev.acs_simulator.events import identifier
from localdev.acs_simulator.service_errors import ServiceError
from localdev.acs_simulator.state import ENDED, Media, Phase, State, Step, step

BUSY = h.Result(code=486, sub_code=560486)
TAKEN = h.Taken(operation=h.Operation(context="oc"), media=True, start=True)
TRANSFER = h.TransferAsked(target=identifier("+15550142"), operation=h.Operation(context="t"))
EVERYTHING: tuple[h.Happening, ...] = (
    TAKEN,
    h.Rejected(),
    h.Redirected(),
    h.RingEnded(),
    h.LineUp(),
    h.CalleeRefused(result=BUSY),
    h.CallerLeft(),
    h.AppHungUp(),
    TRANSFER,
    h.TransferTaken(),
    h.TransferRefused(result=BUSY),
    h.MediaAsked(),
    h.MediaStopAsked(),
    h.SocketOpened(),
    h.SocketRefused(),
    h.SocketLost(),
)


def after(*events: h.Happening, outbound: bool = False) -> tuple[State, list[h.Effect]]:
    """Return the state and all effects; refusals change nothing."""
    state, effects = State(outbound=outbound), list[h.Effect]()
    for event in events:
        outcome = step(state, event)
        if not isinstance(outcome, ServiceError):
            state, more = outcome
            effects += more
    return state, effects


def raised(effects: list[h.Effect]) -> list[str]:
    return [effect.type for effect in effects if isinstance(effect, h.Raise)]


def refusal(outcome: Step | ServiceError) -> tuple[int, str]:
    assert isinstance(outcome, ServiceError)
    return outcome.status, outcome.code


histories = st.lists(st.sampled_from(EVERYTHING), max_size=25)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(histories, st.booleans())
def test_a_call_ends_once_and_stays_ended(history: list[h.Happening], outbound: bool) -> None:
    state = State(outbound=outbound)
    ends = 0

    for event in history:
        was_over = state.phase in ENDED
        outcome = step(state, event)
        if isinstance(outcome, ServiceError):
            continue
        new, effects = outcome
        assert not was_over or (new == state and not effects)
        ends += raised(list(effects)).count("CallDisconnected")
        state = new

    assert ends <= 1


@settings(derandomize=True, max_examples=400, deadline=None)
@given(histories)
def test_every_transfer_asked_has_at_most_one_outcome(history: list[h.Happening]) -> None:
    _, effects = after(TAKEN, h.LineUp(), *history)

    asked = sum(isinstance(effect, h.TryTransfer) for effect in effects)
    outcomes = [name for name in raised(effects) if name.startswith("CallTransfer")]
    assert len(outcomes) <= asked


def test_an_answered_call_is_connected_and_streamed() -> None:
    state, effects = after(TAKEN, h.LineUp(), h.SocketOpened())

    assert state.phase is Phase.CONNECTED
    assert state.media is Media.ACTIVE
    assert raised(effects) == ["CallConnected", "ParticipantsUpdated", "MediaStreamingStarted"]


def test_a_refused_transfer_leaves_the_call_connected() -> None:
    state, effects = after(TAKEN, h.LineUp(), TRANSFER, h.TransferRefused(result=BUSY))

    assert state.phase is Phase.CONNECTED
    assert effects[-1] == h.Raise(
        type="CallTransferFailed", result=BUSY, operation=TRANSFER.operation
    )


def test_an_accepted_transfer_ends_the_call_after_saying_so() -> None:
    state, effects = after(TAKEN, h.LineUp(), TRANSFER, h.TransferTaken())

    assert state.phase is Phase.DISCONNECTED
    assert raised(effects)[-2:] == ["CallTransferAccepted", "CallDisconnected"]


def test_a_lost_socket_is_a_state_and_may_be_dialled_again() -> None:
    state, effects = after(TAKEN, h.LineUp(), h.SocketOpened(), h.SocketLost(), h.MediaAsked())

    assert state.media is Media.CONNECTING
    assert "MediaStreamingFailed" in raised(effects)
    assert isinstance(effects[-1], h.OpenMedia)


@pytest.mark.parametrize(
    ("history", "event", "expected"),
    [
        ((h.RingEnded(),), TAKEN, (400, "8587")),
        ((h.CallerLeft(),), TAKEN, (404, "8522")),
        ((TAKEN,), TAKEN, (404, "8522")),
        ((TAKEN,), TRANSFER, (400, "8501")),
        ((TAKEN,), h.MediaAsked(), (400, "8501")),
        ((TAKEN, h.LineUp(), TRANSFER), TRANSFER, (409, "8607")),
        ((TAKEN, h.LineUp()), h.MediaAsked(), (400, "8585")),
        ((replace(TAKEN, media=False), h.LineUp()), h.MediaAsked(), (405, "8522")),
        ((TAKEN, h.LineUp(), h.SocketRefused()), h.MediaStopAsked(), (400, "8585")),
        ((TAKEN, h.AppHungUp()), h.AppHungUp(), (404, "8522")),
    ],
)
def test_what_may_not_happen_is_refused_as_the_service_does(
    history: tuple[h.Happening, ...], event: h.Happening, expected: tuple[int, str]
) -> None:
    state, _ = after(*history)

    outcome = step(state, event)

    assert refusal(outcome) == expected


def test_an_outbound_call_that_is_refused_says_why_and_ends() -> None:
    _, effects = after(TAKEN, h.CalleeRefused(result=BUSY), outbound=True)

    assert raised(effects) == ["CreateCallFailed", "CallDisconnected"]
