"""How long a silence must last before the caller's turn is over: told from words, sound and habit.

A turn that plainly ended is answered soon; one that stopped in the middle of a sentence, or of a
number that the agent asked for, is given time. In between, the caller's own pauses decide.
"""

from core.endpointing.expected import Expected, expected_of
from core.endpointing.reading import Reading, reading_of
from core.endpointing.silence import (
    EndpointSettings,
    Pace,
    after_pause,
    silence_ms,
    usual_ms,
)
from core.endpointing.words import Asked

__all__ = [
    "Asked",
    "EndpointSettings",
    "Expected",
    "Pace",
    "Reading",
    "after_pause",
    "expected_of",
    "reading_of",
    "silence_ms",
    "usual_ms",
]
