"""Where in the caller's audio a position of the recognizer's stream lies."""

from __future__ import annotations

from core.speech import BYTES_PER_MS


class Positions:
    """Counts the audio of a stream, and knows which of it was silence of our own.

    `begin_ms`: the caller's position where the stream begins.
    """

    def __init__(self, begin_ms: int = 0) -> None:
        self._begin_ms = begin_ms
        self._sent = 0
        self._ours: list[tuple[int, int]] = []  # (where in the stream it begins, how long), ms

    def push(self, pcm: bytes) -> None:
        """The caller's audio goes in."""
        self._sent += len(pcm)

    def insert(self, pcm: bytes) -> None:
        """Silence goes in that the caller knows nothing of."""
        self._ours.append((self._sent // BYTES_PER_MS, len(pcm) // BYTES_PER_MS))
        self._sent += len(pcm)

    @property
    def now_ms(self) -> int:
        """How much the caller was heard."""
        return self.of(self._sent // BYTES_PER_MS)

    def of(self, stream_ms: int) -> int:
        """Return the caller's position; within our silence it stands still."""
        inserted = 0
        for begin, length in self._ours:
            if stream_ms <= begin:
                break
            inserted += min(length, stream_ms - begin)
        return self._begin_ms + stream_ms - inserted
