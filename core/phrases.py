"""What an agent says when no model is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Fixed words of a call, in the language of its agents."""

    greeting: str = "Hello. How can I help you?"
    reprompts: tuple[str, ...] = (
        "Are you still there?",
        "I can't hear you. If you need a moment, just tell me.",
    )
    goodbye: str = "I'm ending the call now, since I can't hear you. Goodbye."
    filler: str = "One moment, please."
    apology: str = "I'm sorry, something went wrong on my side. Could you say that again?"
    farewell: str = "I'm sorry, something is wrong on my side. Please call again later. Goodbye."
    empty: str = "I'm sorry, I didn't get that. Could you say it in other words?"
    filtered: str = "I'm sorry, I can't talk about that. What else can I do for you?"
    too_many_steps: str = "I'm sorry, I could not work that out. Shall we try something else?"
    deaf: str = "I'm sorry, I can't hear you because of a technical problem. Please call again."
    resumed: str = "Sorry, I lost you for a moment."
    go_on: str = "Please go on."
