"""What a caller says, read off the command line."""

from pathlib import Path
from typing import Any

import pytest

from localdev.caller.lines import Key, Line, key_of, lines_of
from localdev.cli import parser


def script(*argv: str) -> list[tuple[str, Any]]:
    return parser().parse_args(["call", *argv]).script  # type: ignore[no-any-return]


def test_lines_keep_the_order_they_were_written_in(tmp_path: Path) -> None:
    wav = tmp_path / "hello.wav"
    wav.touch()

    lines = lines_of(script("--say", "one", "--wav", str(wav), "--say", "three"))

    assert lines == (Line(text="one"), Line(wav=wav), Line(text="three"))


def test_a_time_belongs_to_the_line_before_it() -> None:
    lines = lines_of(script("--say", "balance", "--say", "stop", "--at", "9"))

    assert lines == (Line(text="balance"), Line(text="stop", at=9.0))


def test_a_script_that_opens_with_a_time_gives_each_line_the_time_before_it() -> None:
    lines = lines_of(script("--at", "2", "--say", "one", "--say", "two", "--at", "9", "--say", "x"))

    assert lines == (Line(text="one", at=2.0), Line(text="two"), Line(text="x", at=9.0))


def test_keys_have_their_place_among_the_lines_but_no_time() -> None:
    assert lines_of(script("--say", "one", "--press", "12#a")) == (
        Line(text="one"),
        Line(keys="12#A"),
    )
    with pytest.raises(ValueError, match="no --say"):
        lines_of(script("--press", "1", "--at", "2"))


@pytest.mark.parametrize("keys", ["", "12x", "1" * 33])
def test_keys_that_no_telephone_has_are_refused(keys: str) -> None:
    with pytest.raises(SystemExit):
        script("--press", keys)


def test_two_times_for_one_line_are_refused() -> None:
    with pytest.raises(ValueError, match="no --say"):
        lines_of(script("--say", "one", "--at", "1", "--at", "2"))


@pytest.mark.parametrize("text", ["5", "x:1", "1:", "1:12", "-1:5", "1:E"])
def test_a_key_that_cannot_be_pressed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="SECONDS:KEY"):
        key_of(text)


def test_a_key_has_a_time_and_a_digit() -> None:
    assert key_of("4.5:#") == Key(at=4.5, digit="#")


@pytest.mark.parametrize(
    "argv",
    [["--at", "-1"], ["--wav", "nowhere.wav"], ["--dtmf", "soon:1"], ["--say"], ["--say", " ?"]],
)
def test_a_bad_option_ends_with_usage_and_code_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["call", *argv])

    assert ended.value.code == 2
