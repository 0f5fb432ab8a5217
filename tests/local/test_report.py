"""What `artvoice call` says of a call."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localdev.caller.report import CONTRIBUTIONS, Ears, Span, complaints, latency_ms

ms = st.floats(0, 5_000)


@given(said=ms, endpointing=ms, parts=st.tuples(ms, ms, ms, ms), playout=st.floats(-100, 5_000))
def test_the_contributions_add_up_to_the_total(
    said: float, endpointing: float, parts: tuple[float, ...], playout: float
) -> None:
    names = ("stt", "llm_first_token", "tool", "tts_first_audio")
    decided = said + endpointing
    audible = max(decided, decided + sum(parts) + playout)
    ears = Ears(
        utterances=(Span(start_ms=0, end_ms=said),),
        heard=(Span(start_ms=audible, end_ms=audible + 500),),
    )

    wait = latency_ms(dict(zip(names, parts, strict=True)), decided, ears)

    assert sum(wait[name] for name in CONTRIBUTIONS) == pytest.approx(wait["total"], abs=0.5)
    assert wait["total"] == pytest.approx(audible - said, abs=0.1)


def test_the_wait_runs_from_the_callers_last_sample_to_the_first_audible_one() -> None:
    ears = Ears(
        utterances=(Span(start_ms=1_000, end_ms=2_000), Span(start_ms=9_000, end_ms=9_500)),
        heard=(Span(start_ms=100, end_ms=900), Span(start_ms=2_600, end_ms=4_000)),
    )

    wait = latency_ms({"stt": 10.0, "tts_first_audio": 50.0}, 2_400.0, ears)

    assert wait["endpointing"] == 400
    assert wait["playout"] == 140
    assert wait["total"] == 600


@pytest.mark.parametrize("decided", [None, 500.0])
def test_a_turn_that_answered_no_speech_has_no_latency(decided: float | None) -> None:
    ears = Ears(utterances=(Span(start_ms=1_000, end_ms=2_000),), heard=())

    assert latency_ms({}, decided, ears) == {}


def report(**changes: Any) -> dict[str, Any]:
    turns = [{"caller": "hello"}]
    return {"outcome": "completed", "ended_by": "caller", "turns": turns} | changes


def test_a_call_that_ended_well_leaves_nothing_to_complain() -> None:
    assert complaints(report(), lines=1, heard_anything=True) == []
    transferred = report(outcome="transferred", ended_by="transfer")
    assert complaints(transferred, lines=1, heard_anything=True) == []


def test_a_call_whose_words_were_not_kept_leaves_nothing_to_complain() -> None:
    turns = [{"caller": "", "decided_ms": None}, {"caller": "", "decided_ms": 4_200.0}]

    assert complaints(report(turns=turns), lines=1, heard_anything=True) == []


@pytest.mark.parametrize(
    ("changes", "heard"),
    [
        ({"outcome": "failed"}, True),
        ({"outcome": "unfinished"}, True),
        ({"ended_by": "fault"}, True),
        ({}, False),
        ({"turns": [{"caller": ""}]}, True),
    ],
)
def test_a_call_that_did_not_end_as_it_should_says_why(
    changes: dict[str, Any], heard: bool
) -> None:
    assert len(complaints(report(**changes), lines=1, heard_anything=heard)) == 1


def test_a_turn_that_was_decided_while_the_caller_went_on_counts_from_his_pause() -> None:
    ears = Ears(
        utterances=(Span(start_ms=0, end_ms=1_000), Span(start_ms=5_000, end_ms=8_000)),
        heard=(Span(start_ms=6_200, end_ms=6_400),),
    )

    wait = latency_ms({"endpointing": 300.0, "stt": 10.0}, 6_000.0, ears)

    assert (wait["endpointing"], wait["total"]) == (300.0, 500.0)
