"""How long the caller must have been silent, by what he said, how it sounded, and his habits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.endpointing.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """Silences in ms. `usual_ms`: of a caller of whom nothing is known yet.

    `dictation_ms`: while a number, a spelling, an address or a date is being given. `fixed`: the
    usual silence ends every turn. `final_wait_ms`: how long the recognizer may take for the last
    words before its last guess is taken. `sure`, `doubtful`: probabilities of the judge of sound
    above and below which it is listened to. `threshold`: the voice detector's probability from
    which on a sound is speech.
    """

    fixed: bool = False
    shortest_ms: int = 250
    usual_ms: int = 400
    longest_ms: int = 2_500
    dictation_ms: int = 1_200
    final_wait_ms: int = 300
    sure: float = 0.5
    doubtful: float = 0.05
    threshold: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How this caller pauses: a running mean of the pauses inside his turns, ms; 0: unknown."""

    pause_ms: float = 0.0
    pauses: int = 0


_KEPT = 0.8  # of the old mean, with every new pause
_MARGIN = 1.4  # a caller's longer pauses are about so much longer than his usual one


def after_pause(pace: Pace, ms: float, settings: EndpointSettings) -> Pace:
    """Return the pace after one more pause inside a turn; very long ones count as bounded."""
    bounded = min(ms, settings.longest_ms)
    mean = bounded if not pace.pauses else _KEPT * pace.pause_ms + (1 - _KEPT) * bounded
    return replace(pace, pause_ms=mean, pauses=pace.pauses + 1)


def usual_ms(pace: Pace, settings: EndpointSettings) -> float:
    """Return the silence that ends a turn of this caller if nothing else is known."""
    if not pace.pauses:
        return settings.usual_ms
    # A few pauses say little: the usual silence is left step by step.
    weight = min(pace.pauses / 5, 1.0)
    learned = pace.pause_ms * _MARGIN
    mixed = (1 - weight) * settings.usual_ms + weight * learned
    return min(max(mixed, settings.shortest_ms), settings.longest_ms)


def silence_ms(
    reading: Reading,
    pace: Pace,
    settings: EndpointSettings,
    likely_done: float | None = None,
) -> int:
    """Return for how long the caller must have been silent for his turn to be over.

    `likely_done`: the judge's probability, None if it was not (or not yet) asked.
    """
    if settings.fixed:
        return settings.usual_ms
    usual = usual_ms(pace, settings)
    wait = _wait(reading, usual, settings, _verdict(likely_done, settings))
    return round(min(max(wait, settings.shortest_ms), settings.longest_ms))


Verdict = Literal["none", "done", "unsure", "going_on"]


def _verdict(likely_done: float | None, settings: EndpointSettings) -> Verdict:
    if likely_done is None:
        return "none"
    if likely_done >= settings.sure:
        return "done"
    return "going_on" if likely_done < settings.doubtful else "unsure"


def _wait(reading: Reading, usual: float, settings: EndpointSettings, verdict: Verdict) -> float:
    match reading:
        case Reading.WHOLE:
            return usual * {"none": 0.75, "done": 0.6, "unsure": 1.0, "going_on": 2.0}[verdict]
        case Reading.UNCLEAR | Reading.NOTHING:
            return usual * {"none": 1.0, "done": 0.75, "unsure": 1.0, "going_on": 2.0}[verdict]
        case Reading.DICTATING:
            return max(settings.dictation_ms, 2 * usual)
        case Reading.OPEN:
            return max(2.5 * usual, 1_000) * (0.6 if verdict == "done" else 1.0)
