"""A network that brings a caller's frames late and in bursts."""

from __future__ import annotations

from localdev.acs_simulator.audio import FRAME_MS
from localdev.acs_simulator.line import FrameSink


class Bursts:
    """Holds frames back until there are `ms` of them. Timestamps stay those of the speech."""

    def __init__(self, sink: FrameSink, ms: float) -> None:
        self._sink = sink
        self._ms = ms
        self._held: list[tuple[int, bytes, bool]] = []

    def send_audio(self, at_ms: int, pcm: bytes, *, silent: bool) -> None:
        """Take the next frame."""
        self._held.append((at_ms, pcm, silent))
        if len(self._held) * FRAME_MS >= self._ms:
            held, self._held = self._held, []
            for spoken_ms, spoken, was_silent in held:
                self._sink.send_audio(spoken_ms, spoken, silent=was_silent)
