"""What the caller says when nobody told him: a short conversation per scenario."""

from __future__ import annotations

from localdev.caller.lines import Line

DEMONSTRATIONS = {
    "banking": (
        "What is the balance of my checking account?",
        "My name is Maria Lopez.",
        "Four one two seven.",
        "I am interested in a new credit card.",
        "I would like one for travel.",
        "No, that is all. Thank you, goodbye.",
    ),
}


def demonstration(scenario: str) -> tuple[Line, ...]:
    """Return the lines of a scenario's demonstration; empty if it has none."""
    return tuple(Line(text=text) for text in DEMONSTRATIONS.get(scenario, ()))
