"""What may be heard while an agent is at work: quiet, and made of nothing but arithmetic."""

from __future__ import annotations

import math
from array import array
from enum import StrEnum
from functools import cache

from core.speech import FRAME_BYTES, SAMPLE_RATE

_LOOP_S = 4
_LEVEL = 1300  # of 32767: some 30 dB under a voice, as it is heard
_CLICK_S = 0.018
_TONE_S = 0.25
# When keys are struck, in s: bursts as people type, and the pauses in which they read.
_STROKES = (0.10, 0.24, 0.33, 0.49, 0.58, 0.71, 0.86, 1.30, 1.41, 1.55, 1.63, 1.78, 1.92, 2.01,
            2.62, 2.74, 2.83, 2.99, 3.10, 3.19, 3.36)  # fmt: skip


class WaitingSound(StrEnum):
    """Which sound there is while the caller waits for an answer."""

    NONE = "none"
    TYPING = "typing"
    TONES = "tones"


@cache
def frames_of(sound: WaitingSound) -> tuple[bytes, ...]:
    """Return a few seconds of a sound as frames of 20 ms, to be repeated."""
    samples = array("h", bytes(2 * SAMPLE_RATE * _LOOP_S))
    match sound:
        case WaitingSound.NONE:
            return ()
        case WaitingSound.TYPING:
            for number, at in enumerate(_STROKES):
                _strike(samples, at, number)
        case WaitingSound.TONES:
            for at in (0.0, 2.0):
                _tone(samples, at)
    pcm = samples.tobytes()
    return tuple(pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))


def _strike(samples: array[int], at: float, number: int) -> None:
    """Add one key: a burst of noise that dies away at once, no two alike."""
    start, count = int(at * SAMPLE_RATE), int(_CLICK_S * SAMPLE_RATE)
    noise, level = 12345 + 7919 * number, _LEVEL * (0.6 + 0.4 * (number * 5 % 7) / 6)
    before = 0.0
    for n in range(count):
        noise = (1103515245 * noise + 12345) % 2**31
        heard = 0.5 * before + (noise / 2**30 - 1) * math.exp(-6 * n / count)
        samples[start + n] = int(level * heard / 2)
        before = heard


def _tone(samples: array[int], at: float) -> None:
    """Add one soft tone that swells and fades."""
    start, count = int(at * SAMPLE_RATE), int(_TONE_S * SAMPLE_RATE)
    for n in range(count):
        swell = math.sin(math.pi * n / count) ** 2
        samples[start + n] = int(
            _LEVEL * 0.4 * swell * math.sin(2 * math.pi * 440 * n / SAMPLE_RATE)
        )
