"""What is to be done about what happened, in the order in which it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.turn.floor import Closing, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """These are the caller's words (or keys); they belong to `turn`.

    `secret`: keys of which some were pressed for one who wanted a secret.
    """

    turn: int
    text: str
    interrupted: bool = False
    keys: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """The words taken last for `turn` were really these."""

    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakNews:
    """The next reply tells the caller the news that came; it belongs to `turn`."""

    turn: int
    purpose: Purpose = Purpose.ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkAhead:
    """The caller pauses after these words: begin to answer them, and say nothing of it yet."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkAgain:
    """He goes on: what was begun ahead answers nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """Begin to make reply `generation`."""

    generation: int
    turn: int
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Synthesize and queue a piece: this `text` of this agent, or a fixed phrase."""

    generation: int
    text: str = ""
    agent: str = ""
    phrase: Literal["", "filler", "apology", "empty", "farewell"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTalking:
    """Be silent within one frame: drop the queue, tell the carrier, cancel the engines."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Be silent at once, keep what was not heard."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Go on where it was paused."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """All of a finished reply was heard."""

    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOver:
    """The reply of `turn` was heard to its end, or was cut (`interrupted`)."""

    turn: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """All has been said: end the call, or hand it on."""

    closing: Closing


Output = (
    Take
    | Correct
    | BreakNews
    | ThinkAhead
    | ThinkAgain
    | Generate
    | Say
    | StopTalking
    | Pause
    | Resume
    | Settled
    | TurnOver
    | Close
)
