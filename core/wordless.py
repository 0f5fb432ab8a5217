"""What is left of a call when words may not stay: of its facts, and of its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core import facts as f
from core.bank import PROVED

WORDS = ("summary", "reason", "next_action")


def without_words(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record that tells how a call went, but not what was said."""
    turns = [
        {
            **turn,
            **dict.fromkeys(("caller", "reply", "heard"), ""),
            "tools": [{**run, "arguments": {}} for run in turn["tools"]],
            "handoffs": [{**each, "reason": ""} for each in turn["handoffs"]],
        }
        for turn in record["turns"]
    ]
    handoffs = [{**each, "reason": ""} for each in record["handoffs"]]
    wrap_up = record.get("wrap_up")
    if wrap_up is not None:
        wrap_up = {**wrap_up, **{name: "" for name in WORDS if name in wrap_up}, "data": {}}
    bare = dict.fromkeys(("subject", "reason", "text"), "")
    decisions = [{**each, **bare} for each in record["decisions"]]
    words = {"turns": turns, "handoffs": handoffs, "decisions": decisions, "wrap_up": wrap_up}
    return {**record, **words}


def wordless(fact: f.Fact) -> f.Fact:  # noqa: C901, PLR0912 one row per fact
    """Return a fact without what was said, heard, passed to tools or remembered.

    Which customer it was stays, as his telephone number does: his file is still to be written.
    """
    match fact:
        case f.CallerSaid() | f.AgentHeard() | f.Whispered():
            return replace(fact, text="")
        case f.ToolStarted():
            return replace(fact, arguments={})
        case f.ToolFinished():
            return replace(fact, text="", data={}, error="", effects=())
        case f.Remembered(slots=slots):
            return replace(fact, slots={name: slots[name] for name in slots if name == PROVED})
        case f.TurnDone():
            tools = tuple(replace(run, arguments={}, error="") for run in fact.tools)
            handoffs = tuple(replace(each, reason="") for each in fact.handoffs)
            bare = replace(fact, caller="", reply="", heard="")
            return replace(bare, tools=tools, handoffs=handoffs)
        case f.HandedOff() | f.HangUpRequested() | f.MediaDetached():
            return replace(fact, reason="")
        case f.TransferRequested():
            return replace(fact, summary="", address="")
        case f.ApprovalRequested():
            return replace(fact, subject="", details={})
        case f.CallbackRequested():
            return replace(fact, topic="")
        case f.CallAnalysed():
            return replace(fact, summary="", reason="", next_action="", data={})
        case f.Briefed():
            return replace(fact, text="", slots={})
        case f.ApprovalDecided():
            return replace(fact, subject="", reason="", text="")
        case _:
            return fact
