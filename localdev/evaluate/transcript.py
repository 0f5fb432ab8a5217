"""A conversation as a judge reads it: what was said, and what tools were given and told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.facts import LogEntry, ToolFinished

MAX_CHARS = 2000  # of what one tool was given or told


def transcript(record: Mapping[str, Any], log: Sequence[LogEntry] = ()) -> str:
    """Return a record in lines; `log` has what its tools told the agent."""
    told = [entry.fact for entry in log if isinstance(entry.fact, ToolFinished)]
    return "\n".join(line for turn in record["turns"] for line in _lines(turn, told))


def _lines(turn: Mapping[str, Any], told: list[ToolFinished]) -> Iterator[str]:
    if turn["caller"]:
        yield f"Caller: {turn['caller']}"
    for run in turn["tools"]:
        yield _tool(run, _taken(told, turn["n"], run["name"]))
    for each in turn["handoffs"]:
        yield f"[the caller is handed to {each['to']}]"
    if turn["heard"]:
        yield f"{turn['agent']}: {turn['heard']}"


def _taken(told: list[ToolFinished], turn: int, name: str) -> str:
    """Take what a tool told from the list: runs of one turn are in the order of their ends."""
    for at, fact in enumerate(told):
        if (fact.turn, fact.name) == (turn, name):
            return told.pop(at).text
    return ""


def _tool(run: Mapping[str, Any], told: str) -> str:
    given = json.dumps(dict(run["arguments"]), ensure_ascii=False, default=str)
    refusal = f"is refused ({run['error']})" if run["error"] else "is refused"
    outcome = "succeeds" if run["ok"] else refusal
    result = f": {_short(' '.join(told.split()))}" if told else ""
    return f"[{run['name']} {_short(given)} {outcome}{result}]"


def _short(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]} (and so on)"
