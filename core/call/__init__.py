"""The life of one call: a state, folded from the facts of its log, and commands."""

from core.call.commands import (
    COMMAND,
    Apologise,
    Archive,
    Command,
    HangUp,
    Reassure,
    Reconcile,
    SayBusy,
    StartMedia,
    StartPromise,
    TellRelay,
    Transfer,
    Wake,
    WakePromise,
)
from core.call.state import (
    CALL_STATE,
    CallState,
    Deadline,
    Limits,
    Media,
    Outcome,
    Phase,
)
from core.call.step import fold, step
from core.call.waking import TRY_S

__all__ = [
    "CALL_STATE",
    "COMMAND",
    "TRY_S",
    "Apologise",
    "Archive",
    "CallState",
    "Command",
    "Deadline",
    "HangUp",
    "Limits",
    "Media",
    "Outcome",
    "Phase",
    "Reassure",
    "Reconcile",
    "SayBusy",
    "StartMedia",
    "StartPromise",
    "TellRelay",
    "Transfer",
    "Wake",
    "WakePromise",
    "fold",
    "step",
]
