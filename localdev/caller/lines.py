"""What a caller is going to say and press, read off the order of command line options."""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

KEYS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing the caller says: words to synthesise, or a WAV file; or `keys` that he presses.

    `at` is seconds after the call was answered; None waits until the agent has finished.
    """

    text: str = ""
    wav: Path | None = None
    at: float | None = None
    keys: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key the caller presses, `at` seconds after the call was answered."""

    at: float
    digit: str


class InOrder(Action):
    """Keeps --say, --wav, --press and --at in the order they were written, in `args.script`."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        """Append `(option, value)` to the script."""
        script = getattr(namespace, "script", None) or []
        namespace.script = [*script, (option, values)]


def lines_of(script: Sequence[tuple[str, Any]]) -> tuple[Line, ...]:
    """Return the lines of a script.

    A time belongs to the line before it; in a script that opens with a time, to the line after.
    Raises ValueError for a time without a line.
    """
    if script and script[0][0] == "--at":
        turned = list(reversed(script))
        return tuple(reversed(_lines(turned)))
    return tuple(_lines(script))


def _lines(script: Sequence[tuple[str, Any]]) -> list[Line]:
    lines: list[Line] = []
    for option, value in script:
        match option:
            case "--say":
                lines.append(Line(text=value))
            case "--wav":
                lines.append(Line(wav=value))
            case "--press":
                lines.append(Line(keys=value))
            case _ if lines and lines[-1].at is None and not lines[-1].keys:
                lines[-1] = replace(lines[-1], at=value)
            case _:
                raise ValueError(f"--at {value:g} has no --say or --wav of its own")
    return lines


def keys_of(text: str) -> str:
    """Read keys that are pressed one after the other. Raises ValueError."""
    if not re.fullmatch(r"[0-9*#A-Da-d]{1,32}", text):
        raise ValueError(f"{text!r} is not 1 to 32 keys out of {KEYS}")
    return text.upper()


def key_of(text: str) -> Key:
    """Read `T:DIGIT`, for example `4.5:1`. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?):([0-9*#A-Da-d])", text)
    if match is None:
        raise ValueError(f"{text!r} is not SECONDS:KEY with a key out of {KEYS}")
    return Key(at=float(match[1]), digit=match[2].upper())
