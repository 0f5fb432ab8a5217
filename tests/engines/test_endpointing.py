"""When speech begins and ends, told from probabilities alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.embedded.endpointing import (
    LONGEST_MS,
    Began,
    Ended,
    Endpointer,
    Mark,
    Paused,
    Resumed,
)

WINDOW_MS = 32
windows = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), max_size=40)


def marks_of(*stretches: tuple[float, int], hangover_ms: int = 400) -> list[Mark]:
    endpointer = Endpointer(window_ms=WINDOW_MS, hangover_ms=hangover_ms)
    steps = (endpointer.step(p) for p, count in stretches for _ in range(count))
    return [mark for mark in steps if mark is not None]


def test_speech_begins_where_its_first_window_did_and_ends_after_the_hangover() -> None:
    marks = marks_of((0.0, 10), (0.9, 20), (0.0, 30))

    assert marks == [Began(at_ms=320), Paused(at_ms=960), Ended(at_ms=960)]


def test_a_single_loud_window_is_a_click() -> None:
    assert marks_of((0.0, 5), (0.9, 1), (0.0, 5), (0.9, 1), (0.0, 30)) == []


def test_a_pause_within_the_hangover_is_followed_by_more() -> None:
    marks = marks_of((0.9, 10), (0.0, 8), (0.9, 5), (0.0, 30))

    assert [type(mark) for mark in marks] == [Began, Paused, Resumed, Paused, Ended]


def test_doubtful_windows_neither_begin_nor_end_speech() -> None:
    assert marks_of((0.45, 50)) == []
    assert marks_of((0.9, 5), (0.45, 50)) == [Began(at_ms=0)]


def test_endless_sound_is_ended() -> None:
    marks = marks_of((0.9, LONGEST_MS // WINDOW_MS + 1))

    assert [type(mark) for mark in marks[:2]] == [Began, Ended]


@given(stretches=windows, hangover_ms=st.integers(50, 1_500))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_beginnings_and_ends_alternate_and_time_never_runs_back(
    stretches: list[tuple[float, int]], hangover_ms: int
) -> None:
    marks = marks_of(*stretches, (0.0, 60), hangover_ms=hangover_ms)

    edges = [mark for mark in marks if isinstance(mark, Began | Ended)]
    assert [type(edge) for edge in edges] == [Began, Ended] * (len(edges) // 2)
    assert [edge.at_ms for edge in edges] == sorted(edge.at_ms for edge in edges)
    inside = False
    for mark in marks:
        assert inside or isinstance(mark, Began)
        inside = not isinstance(mark, Ended)
