"""Sound to say and to play."""

from __future__ import annotations

import io
import math
import struct
import wave


def tone(ms: int, *, rate: int = 16_000, hz: int = 440, level: int = 8000) -> bytes:
    """A tone whose first and last samples are loud, so that its ends are exact."""
    count = rate * ms // 1000
    samples = [round(level * math.cos(2 * math.pi * hz * n / rate)) for n in range(count)]
    samples[0] = samples[-1] = level
    return struct.pack(f"<{count}h", *samples)


def silence(ms: int, rate: int = 16_000) -> bytes:
    return bytes(rate * ms // 1000 * 2)


def wav_bytes(pcm: bytes, rate: int = 16_000, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()
