"""When an engine is left alone, and when it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from core.circuit import Circuit, CircuitSettings, Standing, asked, failed, succeeded
from core.errors import Cause

LIMITS = CircuitSettings(failures=3, pause_s=10, longest_s=35)


def broken(times: int, *, at: float = 0.0, cause: Cause = Cause.UNAVAILABLE) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = failed(circuit, at, cause, LIMITS)
    return circuit


def test_a_circuit_opens_after_failures_in_a_row_and_half_opens_after_a_pause() -> None:
    assert broken(2).standing(0) is Standing.CLOSED
    assert broken(3).standing(9.9) is Standing.OPEN
    assert broken(3).standing(10) is Standing.HALF_OPEN
    assert failed(succeeded(broken(2)), 0, Cause.LOST, LIMITS).standing(0) is Standing.CLOSED


def test_one_request_tries_a_half_open_circuit_and_others_wait_for_its_outcome() -> None:
    trying = asked(broken(3), 10)

    assert trying.standing(10) is Standing.OPEN
    assert trying.standing(20) is Standing.HALF_OPEN  # nobody told how it went
    assert succeeded(trying).standing(10) is Standing.CLOSED


def test_each_vain_try_doubles_the_pause_up_to_a_limit() -> None:
    circuit, now, pauses = broken(3), 0.0, []
    for _ in range(3):
        now = circuit.until
        circuit = failed(asked(circuit, now), now, Cause.TIMEOUT, LIMITS)
        pauses.append(circuit.until - now)

    assert pauses == [20, 35, 35]


def test_refused_credentials_open_at_once_and_a_bad_request_never() -> None:
    assert broken(1, cause=Cause.AUTH).standing(0) is Standing.OPEN
    assert broken(50, cause=Cause.BAD_REQUEST).standing(0) is Standing.CLOSED


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["ask", "ok", *Cause])), max_size=40))
def test_no_engine_is_left_alone_for_ever(steps: list[tuple[float, str]]) -> None:
    circuit, now = Circuit(), 0.0
    for wait, what in steps:
        now += wait
        match what:
            case "ask":
                circuit = asked(circuit, now)
            case "ok":
                circuit = succeeded(circuit)
            case _:
                circuit = failed(circuit, now, Cause(what), LIMITS)

    assert circuit.standing(now + LIMITS.longest_s) is not Standing.OPEN
