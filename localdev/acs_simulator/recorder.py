"""What one side of a call sounded like, and when: sparse audio on the call's clock."""

from __future__ import annotations

from collections.abc import Callable

from localdev.acs_simulator.audio import FRAME_MS, audible_span

SEGMENT_GAP_MS = 300
"""Silence shorter than this does not end a segment."""


class Recorder:
    """Keeps only frames with sound in them, so a long quiet call costs no memory.

    `on_segment(start_ms, end_ms)` is told of each stretch of sound when it begins (no end yet) and
    when it is over; positions are those of the first and after the last audible sample.
    """

    def __init__(self, rate: int, on_segment: Callable[[float, float | None], None]) -> None:
        self.rate = rate
        self.first_audible_ms: float | None = None
        self.last_audible_ms: float | None = None
        self._frames: dict[int, bytes] = {}
        self._length_ms = 0
        self._segment_start: float | None = None
        self._on_segment = on_segment

    def add(self, at_ms: int, frame: bytes) -> None:
        """Take the 20 ms that begin at `at_ms`, a multiple of 20."""
        self._length_ms = at_ms + FRAME_MS
        sounds = frame.count(0) < len(frame)
        span = audible_span(frame) if sounds else None
        if sounds:
            self._frames[at_ms] = frame
        if span is None:
            self._close_if_quiet(at_ms + FRAME_MS)
            return
        start, end = (at_ms + sample * 1000 / self.rate for sample in span)
        if self.first_audible_ms is None:
            self.first_audible_ms = start
        if self._segment_start is None:
            self._segment_start = start
            self._on_segment(start, None)
        self.last_audible_ms = end

    def finish(self) -> None:
        """Close the last segment: the call is over."""
        self._close_if_quiet(float("inf"))

    def pcm(self) -> bytes:
        """Return everything from 0 ms on, silence included."""
        per_ms = self.rate * 2 // 1000
        out = bytearray(self._length_ms * per_ms)
        for at_ms, frame in self._frames.items():
            out[at_ms * per_ms : at_ms * per_ms + len(frame)] = frame
        return bytes(out)

    def _close_if_quiet(self, now_ms: float) -> None:
        start, end = self._segment_start, self.last_audible_ms
        if start is not None and end is not None and now_ms - end >= SEGMENT_GAP_MS:
            self._segment_start = None
            self._on_segment(start, end)
