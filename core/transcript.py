"""A call's record as people read it, and as it may be looked at without knowing who called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.redaction import redacted

# What an analysis may know of a call beside its words.
FACTS = ("call_id", "scenario", "direction", "outcome", "ended_by", "started_at", "ended_at")


def markdown(record: Mapping[str, Any]) -> str:
    """Return a record as Markdown: what it came to, then who said what, and what was done."""
    lines = [
        f"# Call {record['call_id']}",
        "",
        f"Scenario {record.get('scenario') or 'unknown'}, {record['outcome'] or 'not ended'}, "
        f"ended by {record['ended_by'] or 'nobody yet'}.",
        "",
        *_report(record.get("wrap_up") or {}),
        *_recording(record.get("recording") or {}),
    ]
    for turn in record["turns"]:
        lines += _turn(turn)
    lines += [_decided(each) for each in record.get("decisions", ())]
    return "\n".join(lines).rstrip() + "\n"


def redacted_call(record: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return what is kept for analysis: who called cannot be told from it."""
    known = tuple(names)
    turns = [
        {
            "n": turn["n"],
            "agent": turn["agent"],
            **{name: redacted(turn[name], known) for name in ("caller", "reply", "heard")},
            "interrupted": turn["interrupted"],
            # What tools were given and why agents handed over are words of the caller.
            "tools": [{name: run[name] for name in ("name", "ok", "ms")} for run in turn["tools"]],
            "handoffs": [{"from": each["from"], "to": each["to"]} for each in turn["handoffs"]],
        }
        for turn in record["turns"]
    ]
    facts = {name: record.get(name) for name in FACTS}
    decisions = redacted(record.get("decisions", []), known)
    return {
        **facts,
        "turns": turns,
        "decisions": decisions,
        "wrap_up": redacted(record.get("wrap_up"), known),
    }


def _report(wrap_up: Mapping[str, Any]) -> list[str]:
    if not wrap_up.get("by"):
        return []
    lines = [f"> {wrap_up['summary']}" if wrap_up["summary"] else "> No summary.", ">"]
    told = {
        "Reason": wrap_up["reason"],
        "Outcome": wrap_up["outcome"],
        "Satisfaction": wrap_up["satisfaction"],
        "Next": wrap_up["next_action"],
        **{name.replace("_", " ").capitalize(): value for name, value in wrap_up["data"].items()},
    }
    lines += [
        f"> - {name}: {value}" for name, value in told.items() if value not in ("", None, "unknown")
    ]
    return [*lines, f"> - Written by: {wrap_up['by']}", ""]


def _recording(recording: Mapping[str, Any]) -> list[str]:
    if not recording:
        return []
    consent = ", then ".join(each["decision"] for each in recording["consent"])
    return [f"Recording: {recording['state']}; consent: {consent or 'none'}.", ""]


def _turn(turn: Mapping[str, Any]) -> list[str]:
    lines = [f"**Caller:** {turn['caller']}", ""] if turn["caller"] else []
    lines += [f"*{run['name']}: {'ok' if run['ok'] else 'failed'}*" for run in turn["tools"]]
    lines += [f"*{each['from']} hands over to {each['to']}*" for each in turn["handoffs"]]
    if turn["tools"] or turn["handoffs"]:
        lines.append("")
    if turn["heard"] or turn["interrupted"]:
        lines += [f"**{turn['agent']}:** {turn['heard']}{_cut(turn)}".rstrip(), ""]
    return lines


def _decided(decision: Mapping[str, Any]) -> str:
    """Tell what a person decided, which may be long after the last word."""
    about = decision["subject"] or "what a person was asked for"
    done = {True: "and done", False: "but it could not be done"}[decision["ok"]]
    came = f"approved, {done}" if decision["decision"] == "approved" else decision["decision"]
    more = " ".join(filter(None, (decision["reason"], decision["text"])))
    return f"*A person about {about}: {came}.{f' {more}' if more else ''}*\n"


def _cut(turn: Mapping[str, Any]) -> str:
    """Tell apart what was heard of a reply and what was never spoken."""
    if not turn["interrupted"]:
        return ""
    rest = turn["reply"].removeprefix(turn["heard"]).strip()
    unheard = f"; not heard: ~~{rest}~~" if rest and rest != turn["reply"].strip() else ""
    return f" *(interrupted{unheard})*"
