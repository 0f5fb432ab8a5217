"""One caller and one agent taking turns: what can happen, and what is then to be done."""

from core.turn.events import (
    ClosingWanted,
    Event,
    Heard,
    HearingLost,
    KeyPressed,
    NewsCame,
    PieceReady,
    RanDry,
    ReplyDone,
    ReplyFailed,
    SilenceWanted,
    Sounding,
    SpeechWanted,
    Tick,
    TransferOver,
)
from core.turn.floor import (
    Closing,
    Floor,
    Purpose,
)
from core.turn.keys import (
    pressed,
)
from core.turn.outputs import (
    BreakNews,
    Close,
    Correct,
    Generate,
    Output,
    Pause,
    Resume,
    Say,
    Settled,
    StopTalking,
    Take,
    ThinkAgain,
    ThinkAhead,
    TurnOver,
)
from core.turn.settings import (
    TurnSettings,
    settings_with,
)
from core.turn.state import (
    TurnState,
    quiet_for,
    same_words,
)
from core.turn.step import (
    deadline,
    step,
)

__all__ = [
    "BreakNews",
    "Close",
    "Closing",
    "ClosingWanted",
    "Correct",
    "Event",
    "Floor",
    "Generate",
    "Heard",
    "HearingLost",
    "KeyPressed",
    "NewsCame",
    "Output",
    "Pause",
    "PieceReady",
    "Purpose",
    "RanDry",
    "ReplyDone",
    "ReplyFailed",
    "Resume",
    "Say",
    "Settled",
    "SilenceWanted",
    "Sounding",
    "SpeechWanted",
    "StopTalking",
    "Take",
    "ThinkAgain",
    "ThinkAhead",
    "Tick",
    "TransferOver",
    "TurnOver",
    "TurnSettings",
    "TurnState",
    "deadline",
    "pressed",
    "quiet_for",
    "same_words",
    "settings_with",
    "step",
]
