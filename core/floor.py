"""The vocabulary of turn-taking: who has the floor, what can happen, what is to be done.

A *generation* is one reply in the making: whatever is made for it carries its number, and a number
that was stopped is never heard again. Times (`at`) are seconds on the clock of whoever feeds in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from core.speech import HearingEvent


class Floor(StrEnum):
    """Who has the floor."""

    LISTENING = "listening"
    MAYBE_ENDED = "maybe_ended"  # the caller fell silent; his words are still being recognised
    THINKING = "thinking"
    SPEAKING = "speaking"
    PAUSED = "paused"  # something was heard over the agent; it may be a cough


class Purpose(StrEnum):
    """What a reply is for. Only an answer needs the model."""

    GREETING = "greeting"
    ANSWER = "answer"
    REPROMPT = "reprompt"
    GOODBYE = "goodbye"
    APOLOGY = "apology"
    DEAF = "deaf"
    RESUMED = "resumed"
    NOTICE = "notice"
    TIME = "time"
    MESSAGE = "message"  # on a voicemail


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSettings:
    """How turns are taken, in seconds and counts. Every wait of a call is one of these."""

    barge_in_words: int = 1  # one recognised word is speech, whatever the detector thinks
    # Shorter noises are coughs: 0.5 s of speech, and the time in which its end would be noticed.
    barge_in_s: float = 0.7
    backchannels: bool = True  # "mhm" over an agent who asks nothing takes no turn
    grace_s: float = 0.3  # echo and the tail of the caller's own sentence fall in here
    resume_s: float = 2.0  # a real interruption has words by then
    think_ahead: bool = True  # answer while it is not sure yet that the caller is done ...
    think_ahead_tries: int = 3  # ... so many times a turn
    ceiling_s: float = 3.0  # words that are not final by then are taken as they are
    news_s: float = 0.6  # a pause in which nobody is about to speak
    silence_s: float = 10.0  # people look for a card or a pen for this long
    silence_prompts: int = 2
    filler_s: float = 3.0  # longer silence sounds like a dead line
    give_up_s: float = 12.0  # a tool may take 8 s, a model 2 s
    key_pause_s: float = 2.5  # between two keys of one number
    max_faults: int = 3  # apologies in a row before the call is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What happens to the call once everything said has been heard."""

    kind: Literal["hang_up", "transfer"]
    by: Literal["agent", "silence", "fault", "machine"] = "agent"
    ref: str = ""


# --- what can happen ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The recognizer says something about the caller.

    `asked`: a question of the present reply has begun to be heard.
    """

    at: float
    event: HearingEvent
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """The caller pressed a key. The rest: what ends the number that it belongs to."""

    at: float
    key: str
    max_keys: int = 32
    terminator: str = "#"
    pause_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWanted:
    """The call itself needs something said: a greeting, or a word after a loss.

    `closing`: what follows it.
    """

    at: float
    purpose: Purpose
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
class HearingLost:
    """The caller cannot be heard any more, whatever was tried."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed; see `core.turn.deadline`."""

    at: float


Event = (
    Heard
    | KeyPressed
    | SpeechWanted
    | PieceReady
    | ReplyDone
    | ReplyFailed
    | Sounding
    | RanDry
    | ClosingWanted
    | TransferOver
    | NewsCame
    | HearingLost
    | Tick
)


# --- what is to be done ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """These are the caller's words (or keys); they belong to `turn`."""

    turn: int
    text: str
    interrupted: bool = False
    keys: bool = False


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
    interrupted: bool = False


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
