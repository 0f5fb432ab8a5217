"""What the caller's telephone plays: received audio leaves 20 ms at a time, gaps are silence.

Assumed, since Azure documents none of it: the buffer is bounded only by `limit_ms`, `StopAudio`
acts from the next frame on, and audio plays as soon as it is there.
"""

from __future__ import annotations

from collections import deque

from localdev.acs_simulator.audio import FRAME_MS, frame_bytes, is_audible

LIMIT_MS = 120_000
UNDERRUN_GAP_MS = 200
"""A gap that is filled again within this time tore an utterance; a longer one was a pause."""


class Playout:
    """One direction of a call's audio. Bytes heard + cleared + overflowed + buffered = received."""

    def __init__(self, rate: int, *, limit_ms: float = LIMIT_MS) -> None:
        self.frame_bytes = frame_bytes(rate)
        self.received = self.heard = self.cleared = self.overflowed = self.buffered = 0
        self.high_water = 0
        self.underruns = 0
        self._limit = int(limit_ms) * self.frame_bytes // FRAME_MS
        self._chunks: deque[tuple[bytes, bool]] = deque()
        self._dry_ms: int | None = None

    def feed(self, pcm: bytes) -> None:
        """Take audio that arrived, of any length. What does not fit is lost."""
        self.received += len(pcm)
        if self.buffered + len(pcm) > self._limit:
            self.overflowed += len(pcm)
            return
        if not pcm:
            return
        if self._dry_ms is not None and 0 < self._dry_ms <= UNDERRUN_GAP_MS:
            self.underruns += 1
        self._dry_ms = None
        self._chunks.append((pcm, is_audible(pcm)))
        self.buffered += len(pcm)
        self.high_water = max(self.high_water, self.buffered)

    def next_frame(self) -> bytes:
        """Return the next 20 ms as heard. An end that does not fill a frame is padded."""
        if self.buffered == 0:
            if self._dry_ms is not None:
                self._dry_ms += FRAME_MS
            return bytes(self.frame_bytes)
        frame = bytearray()
        while self._chunks and len(frame) < self.frame_bytes:
            chunk, audible = self._chunks.popleft()
            wanted = self.frame_bytes - len(frame)
            frame += chunk[:wanted]
            if len(chunk) > wanted:
                self._chunks.appendleft((chunk[wanted:], audible))
        self.buffered -= len(frame)
        self.heard += len(frame)
        if self.buffered == 0:
            self._dry_ms = 0
        return bytes(frame.ljust(self.frame_bytes, b"\0"))

    def clear(self) -> int:
        """Forget what was not heard yet. Returns the milliseconds lost."""
        lost = self.buffered
        self._chunks.clear()
        self.buffered = 0
        self.cleared += lost
        self._dry_ms = None
        return lost * FRAME_MS // self.frame_bytes

    def holds_audible(self) -> bool:
        """Whether anything but silence waits to be heard."""
        return any(audible for _, audible in self._chunks)
