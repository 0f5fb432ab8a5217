"""What an agent is told before a call: why it is made, and what was said before.

Whoever is on the line has proved nothing: no slot of an earlier call comes along, and none of
these slots opens a tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.facts import Briefed

MAX_SAID = 1_500
CAUTION = "Verify before you tell or change anything."


def callback_briefing(topic: str, record: Mapping[str, Any] | None) -> Briefed:
    """Brief for a promised call: the topic, and the end of the call it was promised in."""
    said = [
        f"{who}: {turn[what]}"
        for turn in (record or {}).get("turns", ())
        for who, what in (("Caller", "caller"), (turn["agent"], "heard"))
        if turn[what]
    ]
    before = "\n".join(said)[-MAX_SAID:]
    text = f"You call back, as was promised in an earlier call. Topic: {topic}."
    text += f" Say who you are and why you call. {CAUTION}"
    if before:
        text += f" The end of the earlier call:\n{before}"
    return Briefed(text=text, slots={"callback_topic": topic or "your last call"})


def order_briefing(topic: str, task: str, context: Mapping[str, Any]) -> Briefed | None:
    """Brief for a call that somebody ordered; None when nothing is to be told.

    `topic` is fit to be said ("your appointment"), `task` is for the agent alone.
    """
    if not (topic or task or context):
        return None
    parts = ["You call this person; nobody asked for it in a call before."]
    if topic:
        parts.append(f"Topic: {topic}.")
    if task:
        parts.append(f"Your task: {task}")
    if context:
        known = "; ".join(f"{name}: {value}" for name, value in context.items())
        parts.append(f"What is known: {known}.")
    parts.append(f"Say who you are and why you call. {CAUTION}")
    slots: dict[str, Any] = {}
    if topic:
        slots["call_topic"] = topic
    if context:
        slots["call_context"] = dict(context)
    return Briefed(text=" ".join(parts), slots=slots)
