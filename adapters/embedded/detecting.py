"""One call's audio as windows, and what the voice detector says of each, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from adapters.embedded.endpointing import Endpointer, Mark
from adapters.embedded.pcm import Samples, samples_of
from core.speech import BYTES_PER_MS

WINDOW_MS = 32
WINDOW_BYTES = WINDOW_MS * BYTES_PER_MS


class Listener(Protocol):
    """Tells one call's speech from silence; quick enough for the event loop."""

    def ask(
        self, window: Samples, *, speaking: bool, told: Callable[[float], None]
    ) -> float | None:
        """Return how likely this is speech, or None: then `told` is called with it soon.

        The next question comes after the answer to the last one.
        """
        ...


class Detection:
    """Cuts audio into windows; `on_window` gets each of them once it is known what it is."""

    def __init__(
        self,
        listener: Listener,
        endpointer: Endpointer,
        on_window: Callable[[bytes, Mark | None], None],
    ) -> None:
        self._listener = listener
        self._endpointer = endpointer
        self._on_window = on_window
        self._rest = b""
        self._windows: deque[bytes] = deque()  # the first of them is being asked about
        self._open = True

    def push(self, pcm: bytes) -> None:
        """Take audio of any length."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % WINDOW_BYTES
        self._rest = audio[whole:]
        if whole and self._open:
            idle = not self._windows
            cuts = range(0, whole, WINDOW_BYTES)
            self._windows.extend(audio[at : at + WINDOW_BYTES] for at in cuts)
            if idle:
                self._ask()

    def close(self) -> None:
        """Tell nothing more."""
        self._open = False
        self._windows.clear()

    def _ask(self) -> None:
        while self._windows:
            samples, speaking = samples_of(self._windows[0]), self._endpointer.speaking
            probability = self._listener.ask(samples, speaking=speaking, told=self._told)
            if probability is None:
                return
            self._take(probability)

    def _told(self, probability: float) -> None:
        if self._open:
            self._take(probability)
            self._ask()

    def _take(self, probability: float) -> None:
        window = self._windows.popleft()
        self._on_window(window, self._endpointer.step(probability))
