"""The picture of a call."""

from typing import Any
from xml.etree import ElementTree as ET

from localdev.caller.picture import Scene, timeline_svg
from localdev.caller.report import Ears, Span

SVG = "{http://www.w3.org/2000/svg}"


def turn(n: int, agent: str, total: float | None, **changes: Any) -> dict[str, Any]:
    latency = {} if total is None else {"total": total}
    blank = {"n": n, "agent": agent, "caller": "", "heard": "Hello.", "tools": [], "handoffs": []}
    return {**blank, "latency_ms": latency, **changes}


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
