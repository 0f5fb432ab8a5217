"""When ears that tell nothing are to be doubted: noise is told nothing of either."""

from __future__ import annotations

# Utterances in a row that a service may leave without a word.
UNANSWERED = 1


class Doubts:
    """Counts the finals that were asked for since anything was told.

    `slow_s`: how long a service may take for its first word about an utterance.
    """

    def __init__(self, slow_s: float) -> None:
        self._slow_s = slow_s
        self._asked = 0
        self._since = 0.0

    def told(self) -> None:
        """They are alive."""
        self._asked = 0

    def asked(self, now: float) -> bool:
        """A final is asked for; return whether too many were, for too long, without a word."""
        if not self._asked:
            self._since = now
        self._asked += 1
        return self._asked > UNANSWERED and now - self._since >= self._slow_s
