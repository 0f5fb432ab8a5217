"""The picture of a call."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from localdev.caller.picture import LEFT, PX_PER_S, Scene, timeline_svg
from localdev.caller.report import Ears, Press, Span, latency_ms

SVG = "{http://www.w3.org/2000/svg}"


def turn(n: int, agent: str, total: float | None, **changes: Any) -> dict[str, Any]:
    latency = (
        {} if total is None else {"endpointing": 400.0, "playout": total - 400, "total": total}
    )
    blank = {"n": n, "agent": agent, "caller": "", "heard": "Hello.", "tools": [], "handoffs": []}
    decided = {"decided_ms": None if total is None else 3_400.0, "partials_ms": []}
    return {**blank, **decided, "latency_ms": latency, **changes}


def drawn(*turns: dict[str, Any], **changes: Any) -> ET.Element:
    ears = Ears(
        utterances=(Span(start_ms=2_000, end_ms=3_000),),
        heard=(Span(start_ms=500, end_ms=1_500), Span(start_ms=3_600, end_ms=5_000)),
    )
    given = {"title": "call 1", "ears": ears, "stops": (), "turns": turns, **changes}
    return ET.fromstring(timeline_svg(Scene(**given)))  # noqa: S314 our own text


def test_the_wait_of_a_turn_is_drawn_with_its_length() -> None:
    picture = drawn(turn(0, "Ann", None), turn(1, "Ann", 600.0, caller="hi"))

    assert "1: 600 ms" in [text.text for text in picture.iter(f"{SVG}text")]


def test_what_was_said_cannot_become_markup() -> None:
    picture = drawn(turn(0, "A<b>", None), turn(1, "A<b>", 600.0, caller="<script>x</script>&"))

    assert not list(picture.iter("script"))
    assert any("<script>" in (title.text or "") for title in picture.iter(f"{SVG}title"))


def test_a_call_without_a_word_is_a_picture_too() -> None:
    picture = drawn(ears=Ears(utterances=(), heard=()))

    assert picture.tag == f"{SVG}svg"


def test_a_wait_is_drawn_as_its_parts_in_order() -> None:
    parts = {"endpointing": 400.0, "stt": 0.0, "llm_first_token": 150.0, "playout": 50.0}

    picture = drawn(turn(1, "Ann", 600.0, caller="hi", latency_ms={**parts, "total": 600.0}))

    titles = [title.text or "" for title in picture.iter(f"{SVG}title")]
    assert [text for text in titles if text.endswith(" ms")] == [
        "endpointing: 400 ms",
        "llm first token: 150 ms",
        "playout: 50 ms",
    ]


def test_guesses_tools_and_interruptions_are_there_to_be_seen() -> None:
    failed = {"name": "refund_fee", "ok": False, "error": "refused"}
    told = turn(1, "Ann", 600.0, caller="hi", partials_ms=[900, 400], tools=[failed])

    picture = drawn(told, stops=(4_000.0,))

    texts = {text.text: text.get("fill") for text in picture.iter(f"{SVG}text")}
    assert len(list(picture.iter(f"{SVG}path"))) == 2
    assert texts["refund_fee"] == "#dc2626"
    assert "interrupted" in [title.text for title in picture.iter(f"{SVG}title")]


KEYED = Ears(
    utterances=(),
    heard=(Span(start_ms=500, end_ms=1_500), Span(start_ms=3_600, end_ms=5_000)),
    presses=(Press(at_ms=2_000, digit="4"), Press(at_ms=2_250, digit="1")),
)


def test_keys_are_drawn_when_they_were_pressed_and_their_tools_when_the_turn_was_decided() -> None:
    tool = {"name": "open_menu", "ok": True, "error": ""}
    keyed = turn(1, "Ann", 600.0, caller="pressed 4 1", keys=True, tools=[tool])

    picture = drawn(keyed, ears=KEYED)

    at = {text.text: float(text.get("x", 0)) for text in picture.iter(f"{SVG}text")}
    assert at["4"] < at["1"] < at["open_menu"] == LEFT + 3.4 * PX_PER_S
    assert "pressed 4 1" in [title.text for title in picture.iter(f"{SVG}title")]


@pytest.mark.parametrize("told", ["entered the digits", "keyed in digits, kept secret: one", ""])
def test_secret_keys_and_keys_that_nobody_took_cannot_be_read(told: str) -> None:
    turns = [turn(1, "Ann", 600.0, caller=told, keys=True)] if told else []

    picture = drawn(*turns, ears=KEYED)

    shown = [text.text for text in picture.iter(f"{SVG}text")]
    assert shown.count("•") == 2
    assert not {"4", "1"} & set(shown)


def test_who_keyed_something_in_waits_from_his_last_key() -> None:
    waited = latency_ms({"llm_first_token": 100.0}, 3_000.0, KEYED, keys=True)

    assert waited["endpointing"] == 750.0
    assert waited["total"] == 1_350.0


def test_long_words_are_cut_to_their_bar_and_whole_in_its_tooltip() -> None:
    said = "I would like to know the balance of my account and of my card, please."

    picture = drawn(turn(1, "Ann", 600.0, caller=said))

    shown = [text.text or "" for text in picture.iter(f"{SVG}text")]
    assert said in [title.text for title in picture.iter(f"{SVG}title")]
    assert any(text.endswith("…") and said.startswith(text[:-1]) for text in shown)
