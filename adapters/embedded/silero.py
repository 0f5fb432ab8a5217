"""Silero: how likely each 32 ms of a call is speech. One model, asked by many calls at once.

Whatever is asked within 5 ms of the last run is answered by one run of the model: of many calls a
window costs a third of what a run of its own does. A call that is alone is answered at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
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
_SILENT_ENERGY = SILENT_RMS**2 * WINDOW_SAMPLES
# Windows in a run: 1.8 ms of the loop's time. More together save nothing.
MOST_TOGETHER = 32
# Between two runs. Of 100 calls half of which speak it gathers 8 windows; nobody hears 5 ms.
GATHER_S = 0.005

_FRESH = np.zeros((2, 1, 128), np.float32)


class Silero:
    """The model, shared by all calls; `listener` gives each call its own memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._session = open_session(find_model(SILERO, folder))
        self._rate = np.array(SAMPLE_RATE, np.int64)
        self._waiting: deque[tuple[SileroListener, Callable[[float], None]]] = deque()
        self._called = False  # for what is waiting
        self._ran = float("-inf")

    def listener(self) -> SileroListener:
        """Return the detector of one call."""
        return SileroListener(self)

    def ask(self, listener: SileroListener, told: Callable[[float], None]) -> None:
        """Answer soon, together with whoever else asks until then."""
        self._waiting.append((listener, told))
        if not self._called:
            since_s = asyncio.get_running_loop().time() - self._ran
            self._call(GATHER_S - max(since_s, 0))

    def run(self, inputs: Samples, states: Samples) -> tuple[Samples, Samples]:
        """Return the probabilities of speech in n contexts and windows, and the next states."""
        feeds = {"input": inputs, "state": states, "sr": self._rate}
        probabilities, states = self._session.run(None, feeds)
        return probabilities[:, 0], states

    def _call(self, after_s: float) -> None:
        self._called = True
        loop = asyncio.get_running_loop()
        if after_s > 0:
            loop.call_later(after_s, self._answer)
        else:
            loop.call_soon(self._answer)

    def _answer(self) -> None:
        count = min(len(self._waiting), MOST_TOGETHER)
        asked = [self._waiting.popleft() for _ in range(count)]
        try:
            self._tell(asked)
        finally:
            self._ran, self._called = asyncio.get_running_loop().time(), False
            if self._waiting:  # too many for one run, or the rest of a lump: they are late already
                self._call(0)

    def _tell(self, asked: list[tuple[SileroListener, Callable[[float], None]]]) -> None:
        inputs = np.stack([listener.input for listener, _ in asked])
        states = np.concatenate([listener.state for listener, _ in asked], axis=1)
        probabilities, states = self.run(inputs, states)
        for place, (listener, told) in enumerate(asked):
            listener.state = states[:, place : place + 1].copy()
            told(float(probabilities[place]))


class SileroListener:
    """What the model remembers of one call: `input` is context and window."""

    def __init__(self, model: Silero) -> None:
        self._model = model
        self.input = np.zeros(CONTEXT_SAMPLES + WINDOW_SAMPLES, np.float32)
        self.state = _FRESH

    def ask(
        self, window: Samples, *, speaking: bool, told: Callable[[float], None]
    ) -> float | None:
        """Ask about 512 samples; silence costs nothing while nobody speaks."""
        self.input[:CONTEXT_SAMPLES] = self.input[WINDOW_SAMPLES:]
        self.input[CONTEXT_SAMPLES:] = window
        if not speaking and float(np.dot(window, window)) < _SILENT_ENERGY:
            self.state = _FRESH
            return 0.0
        self._model.ask(self, told)
        return None
