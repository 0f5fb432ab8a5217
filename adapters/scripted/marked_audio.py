"""Sound that carries its text: every sample's high byte is a tone, its low byte is data."""

from __future__ import annotations

import math
import struct
from array import array
from dataclasses import dataclass
from zlib import crc32

from core.speech import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SAMPLE_RATE

MAGIC = b"\xa5\x5aSAY\xa5"
# Which utterance, the frame's number in it, and how many bytes of text it carries.
_FRAME = struct.Struct("<IHB")
_HEAD = len(MAGIC) + _FRAME.size
_FRAME_SAMPLES = FRAME_BYTES // 2
_MAX_PART = 255
_AMPLITUDE = 40  # of 127: about -10 dBFS
_TONE_HZ = 250
_AUDIBLE_RMS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A text found in audio."""

    text: str
    start_ms: int
    end_ms: int


def spoken(text: str, *, ms: int | None = None) -> bytes:
    """Return audible PCM, 16 kHz, that lasts about `ms` (50 a character) and carries `text`.

    Every frame of 20 ms carries the characters said in it, so a cut leaves the text before it.
    """
    frames = max(1, round((ms if ms is not None else 50 * len(text)) / FRAME_MS))
    frames = max(frames, math.ceil(4 * len(text) / _MAX_PART))
    identity = crc32(text.encode())
    audio = bytearray()
    for number in range(frames):
        part = text[number * len(text) // frames : (number + 1) * len(text) // frames].encode()
        audio += _frame(identity, number, part)
    return bytes(audio)


def read_speech(pcm: bytes) -> list[Speech]:
    """Return what was said in audio, in order, wherever its frames begin."""
    low = pcm[0::2]
    found: list[Speech] = []
    identity, expected = None, 0
    at = low.find(MAGIC)
    while at >= 0 and at + _FRAME_SAMPLES <= len(low):
        this, number, length = _FRAME.unpack_from(low, at + len(MAGIC))
        part = low[at + _HEAD : at + _HEAD + length].decode(errors="replace")
        start_ms = at * 2 // BYTES_PER_MS
        if found and (this, number) == (identity, expected):
            last = found[-1]
            found[-1] = Speech(
                text=last.text + part, start_ms=last.start_ms, end_ms=start_ms + FRAME_MS
            )
        else:
            found.append(Speech(text=part, start_ms=start_ms, end_ms=start_ms + FRAME_MS))
        identity, expected = this, number + 1
        at = low.find(MAGIC, at + _FRAME_SAMPLES)
    return found


def is_audible(pcm: bytes) -> bool:
    """Whether a frame is sound rather than silence."""
    samples = array("h", pcm)
    return sum(sample * sample for sample in samples[::4]) * 4 > _AUDIBLE_RMS**2 * len(samples)


def _frame(identity: int, number: int, part: bytes) -> bytes:
    data = MAGIC + _FRAME.pack(identity, number & 0xFFFF, len(part)) + part
    audio = bytearray(FRAME_BYTES)
    audio[0::2] = data.ljust(_FRAME_SAMPLES, b"\0")
    audio[1::2] = _TONE
    return bytes(audio)


def _tone() -> bytes:
    """Return a frame of high bytes; the tone's periods fit into a frame, so it never clicks."""
    step = 2 * math.pi * _TONE_HZ / SAMPLE_RATE
    return bytes(round(_AMPLITUDE * math.sin(step * n)) & 0xFF for n in range(_FRAME_SAMPLES))


_TONE = _tone()


def decode_spoken(pcm: bytes) -> list[tuple[int, str]]:
    """Return (start in ms, text) of each thing said in audio; of a cut one, the part heard."""
    return [(speech.start_ms, speech.text) for speech in read_speech(pcm)]
