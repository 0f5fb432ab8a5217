"""What can happen while two take turns.

A *generation* is one reply in the making: whatever is made for it carries its number, and a number
that was stopped is never heard again. Times (`at`) are seconds on the clock of whoever feeds in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.speech import HearingEvent
from core.turn.floor import Closing, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The recognizer says something about the caller.

    `asked`: a question of the present reply has begun to be heard. `anew`: he speaks another
    language than was thought.
    """

    at: float
    event: HearingEvent
    asked: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """The caller pressed a key. The rest: what ends the number that it belongs to.

    `secret`: whoever wants that number wants it as a secret.
    """

    at: float
    key: str
    max_keys: int = 32
    terminator: str = "#"
    pause_s: float | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWanted:
    """The call itself needs something said: a greeting, or a word after a loss.

    `closing`: what follows it.
    """

    at: float
    purpose: Purpose
    closing: Closing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceWanted:
    """The caller is on hold, or a machine is at the other end: say nothing, and wait for nothing.

    `closing` comes at once; without one something may be said later (`SpeechWanted`).
    """

    at: float
    closing: Closing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceReady:
    """The next speakable piece of a reply, and the agent who says it."""

    at: float
    generation: int
    text: str
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDone:
    """No more pieces will come for this reply."""

    at: float
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFailed:
    """An engine could not make (more of) this reply."""

    at: float
    generation: int
    engine: Literal["thinking", "speaking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounding:
    """The first frame of a reply is on the wire, or the first after it had run dry."""

    at: float
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RanDry:
    """The caller has heard all the audio there is: `pieces` whole pieces of this reply."""

    at: float
    generation: int
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingWanted:
    """A tool asked to end or hand on the call after this reply."""

    at: float
    generation: int
    closing: Closing


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOver:
    """Nobody took the caller: he is ours again."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsCame:
    """There is something to tell the caller, as soon as nobody speaks."""

    at: float
    purpose: Purpose = Purpose.ANSWER


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsGone:
    """That is not to be told any more."""

    at: float
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingLost:
    """The caller cannot be heard any more, whatever was tried."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed; see `deadline`."""

    at: float


Event = (
    Heard
    | KeyPressed
    | SpeechWanted
    | SilenceWanted
    | PieceReady
    | ReplyDone
    | ReplyFailed
    | Sounding
    | RanDry
    | ClosingWanted
    | TransferOver
    | NewsCame
    | NewsGone
    | HearingLost
    | Tick
)
