"""The playout clock: nothing is heard twice, nothing disappears, a stop is a stop."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.acs_simulator.playout import Playout
from tests.acs_simulator.sounds import silence, tone

FRAME = 640
acts = st.lists(
    st.one_of(
        st.integers(min_value=0, max_value=3000).map(lambda n: ("feed", n * 2)),
        st.just(("tick", 0)),
        st.just(("clear", 0)),
    ),
    max_size=80,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(acts)
def test_audio_heard_cleared_lost_and_buffered_is_the_audio_received(
    acts: list[tuple[str, int]],
) -> None:
    playout = Playout(16_000, limit_ms=200)

    for act, size in acts:
        match act:
            case "feed":
                playout.feed(b"\1\2" * (size // 2))
            case "tick":
                assert len(playout.next_frame()) == FRAME
            case _:
                playout.clear()

    spent = playout.heard + playout.cleared + playout.overflowed + playout.buffered
    assert spent == playout.received
    assert playout.high_water <= 200 * 32


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=2000).map(lambda b: b * 2), max_size=12))
def test_audio_comes_out_in_the_order_it_went_in(chunks: list[bytes]) -> None:
    playout = Playout(16_000)

    for chunk in chunks:
        playout.feed(chunk)
    heard = b"".join(playout.next_frame() for _ in range(playout.buffered // FRAME + 1))

    assert heard.startswith(b"".join(chunks))


def test_nothing_is_heard_after_a_stop() -> None:
    playout = Playout(16_000)
    playout.feed(tone(500))
    playout.next_frame()

    lost_ms = playout.clear()

    assert lost_ms == 480
    assert playout.next_frame() == bytes(FRAME)


def test_only_a_short_gap_in_speech_is_an_underrun() -> None:
    torn, paused = Playout(16_000), Playout(16_000)
    for playout, gap in ((torn, 3), (paused, 20)):
        playout.feed(tone(20))
        for _ in range(1 + gap):
            playout.next_frame()

    torn.feed(tone(20))
    paused.feed(tone(20))

    assert (torn.underruns, paused.underruns) == (1, 0)


def test_audio_that_follows_in_time_is_no_underrun() -> None:
    playout = Playout(16_000)
    playout.feed(tone(20))
    playout.next_frame()

    playout.feed(tone(20))

    assert playout.underruns == 0


def test_waiting_silence_is_not_audible() -> None:
    playout = Playout(16_000)

    playout.feed(silence(100))

    assert not playout.holds_audible()
    playout.feed(tone(20))
    assert playout.holds_audible()
