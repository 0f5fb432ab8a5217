"""Another sample rate than ours on the wire: converted without a seam between frames."""

from __future__ import annotations

from typing import Any

from core.speech import SAMPLE_RATE

RATES = frozenset({8_000, 24_000, 48_000})

# It answers after 20 to 30 ms, better filters after 50 and more; a telephone passes 3.4 kHz.
_QUALITY = "LQ"


class Rates:
    """Converts both ways for one socket, PCM16 mono; `rate` in Hz is one of `RATES`."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._heard = _stream(rate, SAMPLE_RATE)
        self._said = _stream(SAMPLE_RATE, rate)

    def heard(self, pcm: bytes) -> bytes:
        """Return the caller's audio at our rate; what the filter still needs comes next time."""
        return _through(self._heard, pcm)

    def said(self, pcm: bytes) -> bytes:
        """Return our audio at the wire's rate."""
        return _through(self._said, pcm)

    def cut(self) -> None:
        """Forget what was said and has not come out yet."""
        self._said = _stream(SAMPLE_RATE, self._rate)


def _stream(rate_in: int, rate_out: int) -> Any:
    # With numpy 0.1 s of import, for a format that is not asked for as a rule.
    import soxr

    return soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality=_QUALITY)


def _through(stream: Any, pcm: bytes) -> bytes:
    import numpy as np

    converted: bytes = stream.resample_chunk(np.frombuffer(pcm, "<i2")).astype("<i2").tobytes()
    return converted
