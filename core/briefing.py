"""What an agent is told before a call: why it is made, and what was said before.

Whoever is on the line has proved nothing: no slot of an earlier call comes along, and none of
these slots opens a tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core import facts as f
from core.facts import Briefed
from core.record import call_record
from core.redaction import redact
from core.spoken import ago, moment
from core.wrap_up import names_in

MAX_SAID = 1_500
MAX_RECAP = 500
TOPICS = ("callback_topic", "call_topic")
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


def returning_briefing(log: Sequence[f.LogEntry], ago_s: float) -> Briefed | None:
    """Brief for a number that calls again, from the earlier call's log; None: nobody talked in it.

    The number may be anybody's: of the earlier call the agent gets what the caller said, without
    personal data, and nothing of what the caller was told.
    """
    record = call_record("", log)
    facts = [entry.fact for entry in log]
    names = names_in(facts)
    said = [redact(turn["caller"], names) for turn in record["turns"] if turn["caller"]]
    made_about = [fact.slots for fact in facts if isinstance(fact, Briefed)]
    topic = next((slots[name] for slots in made_about for name in TOPICS if slots.get(name)), "")
    if not said and not topic:
        return None
    when = ago(ago_s)
    parts = [f"This number was on the line with us before, {when}, and calls again."]
    if topic:
        parts.append(f"We had called about: {topic}.")
    if not said:
        parts.append("Nobody talked then.")
    reason = (record.get("wrap_up") or {}).get("reason")
    if reason:
        parts.append(f"The caller called because: {reason.rstrip('.,')}.")
    if said:
        words = " / ".join(said)[-MAX_RECAP:]
        parts.append(f'The caller said then, last words last: "{words}"')
    if record["agent"]:
        parts.append(f"Agent then: {record['agent']}.")
    parts.append("Ask whether to go on with that. The number proves nothing about who calls.")
    parts.append(f"{CAUTION} Until then tell no more of that call than its topic.")
    return Briefed(text=" ".join(parts), slots={"earlier_call": when})


def planned_briefing(planned: Sequence[tuple[datetime, str]]) -> Briefed:
    """Brief about calls that were promised to this number: when, on its clock, and about what."""
    calls = "; ".join(f"{moment(at)}{f', about {topic}' if topic else ''}" for at, topic in planned)
    text = f"We promised to call this number back {calls}. If this call settles it, ask whether"
    text += " that is still wanted; `cancel_callback` calls it off."
    return Briefed(text=text, slots={"callback_planned": moment(planned[0][0])})
