"""Smart Turn: how likely a caller who pauses has finished, by the sound of his last seconds."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.embedded.models import SMART_TURN, find_model
from adapters.embedded.onnx import open_session
from adapters.embedded.pcm import Samples, samples_of
from core.speech import BYTES_PER_MS, SAMPLE_RATE

# The model hears this much, padded with silence in front.
HEARD_MS = 8_000
_SAMPLES = HEARD_MS * SAMPLE_RATE // 1000
# The features of Whisper, whose encoder the model is made of.
_FRAME, _HOP, _BANDS = 400, 160, 80
_FLOOR = 1e-10


class SmartTurn:
    """The judge of all calls of a process: one thread, one pause at a time (about 70 ms each)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smart-turn")
        self._session: Any = None
        self._filters = _mel_filters()

    async def warm(self) -> None:
        """Load the model. Raises `EngineFailed` if it is missing."""
        await self._on_thread(bytes(BYTES_PER_MS * 100))

    async def likely_done(self, pcm: bytes) -> float:
        """Return how likely these are the caller's last words for now. Raises `EngineFailed`."""
        return await self._on_thread(pcm)

    async def aclose(self) -> None:
        """Stop the thread after what it is doing."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)

    async def _on_thread(self, pcm: bytes) -> float:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._judge, pcm)

    def _judge(self, pcm: bytes) -> float:
        if self._session is None:
            self._session = open_session(find_model(SMART_TURN, self._folder))
        features = log_mel(samples_of(pcm), self._filters)
        outputs = self._session.run(None, {"input_features": features[np.newaxis]})
        return float(outputs[0].ravel()[0])


def log_mel(samples: Samples, filters: NDArray[np.float64] | None = None) -> Samples:
    """Return the (80, 800) features of the last 8 s: log power in mel bands, every 10 ms."""
    heard = samples[-_SAMPLES:].astype(np.float64)
    heard = np.pad(heard, (_SAMPLES - len(heard), 0))
    heard = (heard - heard.mean()) / np.sqrt(heard.var() + 1e-7)
    padded = np.pad(heard, _FRAME // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP][:-1]
    window = np.hanning(_FRAME + 1)[:-1]
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    bands = power @ (_mel_filters() if filters is None else filters)
    logs = np.log10(np.maximum(bands, _FLOOR))
    logs = np.maximum(logs, logs.max() - 8.0)
    features: Samples = ((logs + 4.0) / 4.0).T.astype(np.float32)
    return features


def _mel_filters() -> NDArray[np.float64]:
    """Return (201, 80): triangles on Slaney's mel scale, linear below 1 kHz, of equal area."""
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), _BANDS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, _FRAME // 2 + 1)[:, np.newaxis]
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (peak - low), (high - bins) / (high - peak)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return filters * (2.0 / (high - low))


_KNEE_HZ, _KNEE_MEL, _LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz * _KNEE_MEL / _KNEE_HZ
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mels * _KNEE_HZ / _KNEE_MEL
    curved = _KNEE_HZ * np.exp(_LOG_STEP * (mels - _KNEE_MEL))
    return np.where(mels < _KNEE_MEL, linear, curved)
