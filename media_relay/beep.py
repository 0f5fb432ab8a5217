"""The beep of a voicemail: one steady tone, heard in frames of 20 ms."""

from __future__ import annotations

import numpy as np

from core.speech import FRAME_BYTES, SAMPLE_RATE

# Speech is seldom this pure, and never for so long on one pitch.
_PURE = 0.85
_FRAMES = 8  # 160 ms
_QUIET = 0.005  # of full scale
_LOWEST_HZ, _HIGHEST_HZ = 350, 2_500
_BIN_HZ = SAMPLE_RATE / (FRAME_BYTES // 2)
_LOW, _HIGH = round(_LOWEST_HZ / _BIN_HZ), round(_HIGHEST_HZ / _BIN_HZ)
_WINDOW = np.hanning(FRAME_BYTES // 2)


class BeepEar:
    """Listens to one call for a beep; about 20 µs a frame."""

    def __init__(self) -> None:
        self._rest = b""
        self._pitch = 0
        self._steady = 0

    def over(self, pcm: bytes) -> bool:
        """Take the next audio; whether a beep has ended in it."""
        audio, ended = self._rest + pcm, False
        whole = len(audio) - len(audio) % FRAME_BYTES
        for at in range(0, whole, FRAME_BYTES):
            ended |= self._frame(audio[at : at + FRAME_BYTES])
        self._rest = audio[whole:]
        return ended

    def _frame(self, frame: bytes) -> bool:
        pitch = _pitch(frame)
        if pitch and (not self._steady or abs(pitch - self._pitch) <= 1):
            self._steady += 1
            self._pitch = pitch
            return False
        was, self._steady, self._pitch = self._steady, int(pitch > 0), pitch
        return was >= _FRAMES and not pitch


def _pitch(frame: bytes) -> int:
    """Return the place of a pure tone in the spectrum, 0 for any other sound."""
    samples = np.frombuffer(frame, "<i2") / 32768
    if float(np.sqrt(np.mean(samples * samples))) < _QUIET:
        return 0
    power = np.abs(np.fft.rfft(samples * _WINDOW)) ** 2
    peak = _LOW + int(power[_LOW : _HIGH + 1].argmax())
    pure = float(power[peak - 2 : peak + 3].sum()) >= _PURE * float(power[1:].sum())
    return peak if pure else 0
