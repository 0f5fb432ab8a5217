"""Who has the floor, what the agent says when he has it, and what follows that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Floor(StrEnum):
    """Who has the floor."""

    LISTENING = "listening"
    MAYBE_ENDED = "maybe_ended"  # the caller fell silent; his words are still being recognised
    THINKING = "thinking"
    SPEAKING = "speaking"
    PAUSED = "paused"  # something was heard over the agent; it may be a cough


class Purpose(StrEnum):
    """What a reply is for. Only answers need the model."""

    GREETING = "greeting"
    ANSWER = "answer"
    REPROMPT = "reprompt"
    GOODBYE = "goodbye"
    APOLOGY = "apology"
    DEAF = "deaf"
    RESUMED = "resumed"
    NOTICE = "notice"
    TIME = "time"
    MESSAGE = "message"  # on a voicemail
    OWED = "owed"  # an answer that nobody asked for: a tool was done when its reply was over


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What happens to the call once everything said has been heard."""

    kind: Literal["hang_up", "transfer"]
    by: Literal["agent", "silence", "fault", "machine"] = "agent"
    ref: str = ""
