"""Arithmetic on PCM: 16 bit little endian mono, the only audio there is here."""

from __future__ import annotations

import io
import wave

import numpy as np

DEFAULT_RATE = 16_000
FRAME_MS = 20
AUDIBLE = 300
"""A sample at least this large (about -41 dBFS) is sound; anything below is silence."""


class NotAudio(ValueError):
    """The bytes are no audio that a telephone could carry."""


def frame_bytes(rate: int) -> int:
    """Return the size of one 20 ms frame."""
    return rate * FRAME_MS // 1000 * 2


def is_audible(pcm: bytes) -> bool:
    """Whether a listener would hear anything."""
    return audible_span(pcm) is not None


def audible_span(pcm: bytes) -> tuple[int, int] | None:
    """Return the first audible sample and the one after the last, or None."""
    samples = np.frombuffer(pcm, "<i2", count=len(pcm) // 2).astype(np.int32)
    loud = np.flatnonzero(np.abs(samples) >= AUDIBLE)
    return (int(loud[0]), int(loud[-1]) + 1) if loud.size else None


def mix(one: bytes, other: bytes) -> bytes:
    """Add two frames of the same length, clipped."""
    total = np.frombuffer(one, "<i2").astype(np.int32) + np.frombuffer(other, "<i2")
    mixed: bytes = np.clip(total, -32768, 32767).astype("<i2").tobytes()
    return mixed


def resample(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """Return the same sound at another rate."""
    if from_rate == to_rate:
        return pcm
    import soxr  # native code; most calls never need it

    converted: bytes = soxr.resample(np.frombuffer(pcm, "<i2"), from_rate, to_rate).tobytes()
    return converted


def read_audio(body: bytes, rate: int = DEFAULT_RATE) -> bytes:
    """Return a WAV file's sound at `rate`, mono; raw bytes are PCM at `rate` already.

    Raises `NotAudio`.
    """
    if body[:4] != b"RIFF":
        if not body or len(body) % 2:
            raise NotAudio("raw audio must be a whole number of 16 bit samples")
        return body
    try:
        with wave.open(io.BytesIO(body)) as file:
            width, channels, own_rate = (
                file.getsampwidth(),
                file.getnchannels(),
                file.getframerate(),
            )
            pcm = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise NotAudio(f"not a PCM WAV file: {error}") from error
    if width != 2 or not 8000 <= own_rate <= 48000 or not pcm:
        raise NotAudio("a WAV file must hold 16 bit PCM at 8 to 48 kHz")
    if channels > 1:
        frames = np.frombuffer(pcm, "<i2", count=len(pcm) // (2 * channels) * channels)
        pcm = frames.reshape(-1, channels).mean(axis=1).astype("<i2").tobytes()
    return resample(pcm, own_rate, rate)


def wav(pcm: bytes, rate: int) -> bytes:
    """Return a WAV file of mono PCM."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return out.getvalue()
