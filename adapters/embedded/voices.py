"""How one recorded voice sounds like several people: a pitch for every name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

from core.speech import Voice

CALLER = "caller"
MIN_PITCH, MAX_PITCH = 0.84, 1.14
MIN_RATE, MAX_RATE = 0.5, 2.0

# Pitches of the recording. Azure's better known names keep their order from low to high, so
# that agents who differ there differ here; `joe` is the recording as it is.
PITCHES = {
    "ava": 1.14,
    "jenny": 1.10,
    "aria": 1.06,
    "emma": 1.02,
    "joe": 1.0,
    "alloy": 0.98,
    "ryan": 0.95,
    "guy": 0.92,
    "andrew": 0.88,
    "davis": 0.86,
    "brian": 0.84,
}
_AZURE_NAME = re.compile(
    r"^[a-z]{2,3}-[a-z]{2,4}-(?P<name>[a-z]+?)(?:multilingual|turbo|neural|:|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """How many times faster and higher than the recording; 0 `variety` says it alike every time."""

    rate: float
    pitch: float
    variety: float = 1.0


# More than 15 % above the highest agent. Of the pitches and rates tried on banking sentences the
# embedded recognizer makes fewest mistakes with this one, and the same ones every time.
_CALLER_SOUND = Sound(rate=0.92, pitch=1.4, variety=0.0)


def caller_voice() -> Voice:
    """Return the voice of `artvoice call --say`, which no agent has."""
    return Voice(name=CALLER, type="embedded")


def sound_of(voice: Voice) -> Sound:
    """Return how `voice` sounds: by its name, else by a pitch drawn from the name, always the same.

    `rate` and `pitch` of the voice come on top, within the range of agents.
    """
    name = voice.name.lower()
    if match := _AZURE_NAME.match(name):
        name = match["name"]
    if name == CALLER:
        return _CALLER_SOUND
    rate = min(MAX_RATE, max(MIN_RATE, _factor(voice.rate)))
    pitch = PITCHES.get(name) or _drawn(name)
    return Sound(rate=rate, pitch=min(MAX_PITCH, max(MIN_PITCH, pitch * _factor(voice.pitch))))


def _drawn(name: str) -> float:
    if not name:
        return PITCHES["joe"]
    steps = 10
    return MIN_PITCH + (MAX_PITCH - MIN_PITCH) * (crc32(name.encode()) % (steps + 1)) / steps


def _factor(percent: str) -> float:
    """Return 1.05 for `+5%`; what is not a percentage (`slow`, `+2st`) changes nothing."""
    try:
        return 1 + float(percent.strip().removesuffix("%")) / 100 if "%" in percent else 1.0
    except ValueError:
        return 1.0
