"""Silero: how likely each 32 ms of a call is speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adapters.embedded.models import SILERO, find_model
from adapters.embedded.onnx import open_session
from adapters.embedded.pcm import Samples
from core.speech import SAMPLE_RATE

WINDOW_SAMPLES = 512
WINDOW_MS = WINDOW_SAMPLES * 1000 // SAMPLE_RATE
CONTEXT_SAMPLES = 64
# -60 dBFS. A telephone's comfort noise lies below, the quietest speech far above.
SILENT_RMS = 0.001


class Silero:
    """The model, shared by all calls; `listener` gives each call its own memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._session = open_session(find_model(SILERO, folder))
        self._rate = np.array(SAMPLE_RATE, np.int64)

    def listener(self) -> SileroListener:
        """Return the detector of one call."""
        return SileroListener(self)

    def run(self, samples: Samples, state: Samples) -> tuple[float, Samples]:
        """Return the probability of speech in context and window, and the next state."""
        feeds = {"input": samples[np.newaxis, :], "state": state, "sr": self._rate}
        probability, state = self._session.run(None, feeds)
        return float(probability[0, 0]), state


class SileroListener:
    """What the model remembers of one call."""

    def __init__(self, model: Silero) -> None:
        self._model = model
        self._input = np.zeros(CONTEXT_SAMPLES + WINDOW_SAMPLES, np.float32)
        self._fresh = np.zeros((2, 1, 128), np.float32)
        self._state = self._fresh

    def probability(self, window: Samples, *, speaking: bool) -> float:
        """Return how likely 512 samples are speech; silence costs nothing while nobody speaks."""
        self._input[:CONTEXT_SAMPLES] = self._input[WINDOW_SAMPLES:]
        self._input[CONTEXT_SAMPLES:] = window
        if not speaking and float(np.sqrt(np.mean(window * window))) < SILENT_RMS:
            self._state = self._fresh
            return 0.0
        probability, self._state = self._model.run(self._input, self._state)
        return probability
