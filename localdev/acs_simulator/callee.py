"""How telephones behave that we call: the targets of outbound calls and of transfers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from localdev.acs_simulator.audio import DEFAULT_RATE
from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.happenings import Result

BUSY = Result(code=486, sub_code=560486, message="The callee is busy.")
NO_ANSWER = Result(code=487, sub_code=10004, message="Nobody answered in time.")
DECLINED = Result(code=603, sub_code=0, message="The callee declined.")
REJECTED = Result(code=200, sub_code=5002, message="The call was rejected.")
UNREACHABLE = Result(code=480, sub_code=0, message="The callee is unavailable.")


class Manner(StrEnum):
    """What a telephone does. REJECT is a decline as Azure was recorded to report it: code 200."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "noanswer"
    DECLINE = "decline"
    REJECT = "reject"
    UNREACHABLE = "unreachable"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one number does, after how many seconds (None: the simulator's usual time).

    `audio`: what is said as soon as it answers, PCM at 16 kHz; a voicemail's greeting and beep.
    Rung into a call, a person listens for `listens_s`, then presses `keys` and, if `hangs_up`,
    leaves.
    """

    manner: Manner = Manner.ANSWER
    delay_s: float | None = None
    audio: bytes = b""
    listens_s: float = 2.0
    keys: str = ""
    hangs_up: bool = False


RESULTS: Mapping[Manner, Result] = {
    Manner.BUSY: BUSY,
    Manner.NO_ANSWER: NO_ANSWER,
    Manner.DECLINE: DECLINED,
    Manner.REJECT: REJECTED,
    Manner.UNREACHABLE: UNREACHABLE,
}


GREETING = (
    "Hi, you have reached Maria Lopez. I can't come to the phone right now. "
    "Please leave a message after the tone."
)
BEEP_HZ, BEEP_S = 1_000, 0.5


def beep(hertz: float = BEEP_HZ, seconds: float = BEEP_S) -> bytes:
    """Return the tone after which a voicemail records, PCM at 16 kHz."""
    time = np.arange(int(DEFAULT_RATE * seconds)) / DEFAULT_RATE
    tone: bytes = (8_000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()
    return tone


def behaviour_of(
    number: str, numbers: Mapping[str, Behaviour], faults: Faults, *, transfer: bool
) -> Behaviour:
    """Return what a number does in this call: its faults first, then what was set for it."""
    if faults.has("callee_busy"):
        return Behaviour(manner=Manner.BUSY)
    if faults.has("callee_noanswer"):
        return Behaviour(manner=Manner.NO_ANSWER)
    if faults.has("callee_declined"):
        return Behaviour(manner=Manner.DECLINE)
    if transfer and faults.has("transfer_fail"):
        return Behaviour(manner=Manner.UNREACHABLE)
    return numbers.get(number, Behaviour())
