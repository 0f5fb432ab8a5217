"""What is known of a caller for the whole call, whichever stream hears him."""

from __future__ import annotations

from core.endpointing import (
    EndpointSettings,
    Expected,
    Pace,
    Reading,
    after_pause,
    expected_of,
    reading_of,
)


class Habits:
    """How he pauses, in which language he is spoken to, and what he was asked."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.expected = Expected()
        self.language = "en"
        self.answered = False  # the agent was heard since the last turn ended

    def asked(self, agent_text: str, language: str) -> None:
        """Note what the agent says, and so asks for."""
        self.language = language
        self.expected = expected_of(agent_text, language)

    def paused(self, ms: float, settings: EndpointSettings) -> None:
        """Note a pause that was none of the ends of his turns."""
        self.pace = after_pause(self.pace, ms, settings)

    def reading(self, text: str) -> Reading:
        """Return how finished his words look."""
        return reading_of(text, self.expected, self.language)
