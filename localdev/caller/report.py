"""What came of a call: the record's turns, completed with what the caller's own clock saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = 1
GOOD = ("completed", "transferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of sound in ms on the simulator's clock of the call."""

    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A key of the caller's telephone, in ms on the same clock."""

    at_ms: float
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """What the simulator saw: the caller's utterances and keys, and when he heard the agent."""

    utterances: tuple[Span, ...]
    heard: tuple[Span, ...]
    presses: tuple[Press, ...] = ()


def latency_ms(
    parts: Mapping[str, Any], decided_ms: float | None, ears: Ears, *, keys: bool = False
) -> dict[str, float]:
    """Return the contributions to the caller's wait, which add up to `total`.

    `decided_ms` is where, on the simulator's clock, the relay took the turn for ended. Playout is
    the rest: from the first audio made to the first sample that can be heard. Empty when the turn
    was not an answer (the greeting), or no answer was heard. `keys`: he waits from his last key.
    """
    if decided_ms is None:
        return {}
    last_sample = _last_press(decided_ms, ears) if keys else _last_sample(parts, decided_ms, ears)
    replies = [each for each in ears.heard if each.start_ms >= decided_ms]
    if last_sample is None or not replies:
        return {}
    total = min(each.start_ms for each in replies) - last_sample
    known = {
        "endpointing": decided_ms - last_sample,
        **{name: float(parts.get(name, 0.0)) for name in RELAY_PARTS},
    }
    rounded = {name: round(value, 1) for name, value in known.items()}
    rounded["total"] = round(total, 1)
    rounded["playout"] = round(rounded["total"] - sum(known_parts(rounded)), 1)
    return {name: rounded[name] for name in (*CONTRIBUTIONS, "total")}


def _last_sample(parts: Mapping[str, Any], decided_ms: float, ears: Ears) -> float | None:
    """Return where the caller's speech ended; one who paused and went on is taken at his pause."""
    latest = decided_ms + FRAME_MS
    if any(each.start_ms < decided_ms and each.end_ms > latest for each in ears.utterances):
        return decided_ms - float(parts.get("endpointing", 0.0))
    spoken = [each.end_ms for each in ears.utterances if each.end_ms <= latest]
    return max(spoken, default=None)


def _last_press(decided_ms: float, ears: Ears) -> float | None:
    """Return where the last key was pressed; one that ends a number comes within its frame."""
    pressed = [each.at_ms for each in ears.presses if each.at_ms <= decided_ms + FRAME_MS]
    return min(max(pressed), decided_ms) if pressed else None


FRAME_MS = 20
RELAY_PARTS = ("stt", "llm_first_token", "tool", "tts_first_audio")
CONTRIBUTIONS = ("endpointing", *RELAY_PARTS, "playout")


def known_parts(latency: Mapping[str, float]) -> list[float]:
    """Return the contributions present, without the total."""
    return [latency[name] for name in CONTRIBUTIONS if name in latency]


def call_report(
    record: Mapping[str, Any],
    turns: Sequence[Mapping[str, Any]],
    files: Mapping[str, Path],
) -> dict[str, Any]:
    """Return the object that `artvoice call --json` prints last."""
    return {
        "call_id": record["call_id"],
        "scenario": record.get("scenario", ""),
        "outcome": record["outcome"] or "unfinished",
        "ended_by": record["ended_by"],
        "turns": list(turns),
        "stumbles": list(record.get("stumbles", ())),
        "files": {name: str(path) for name, path in files.items()},
        "schema": SCHEMA,
    }


def _of_the_caller(turn: Mapping[str, Any]) -> bool:
    """Whether a turn was decided by what the caller did; his words may not have been kept."""
    return bool(turn["caller"]) or turn.get("decided_ms") is not None


def complaints(report: Mapping[str, Any], lines: int, heard_anything: bool) -> list[str]:
    """Return why a call did not end as it should, in words; empty if it did."""
    found = []
    if report["outcome"] not in GOOD:
        found.append(f"the call ended {report['outcome']}")
    if report["ended_by"] == "fault":
        found.append("a fault ended the call")
    if not heard_anything:
        found.append("the caller heard nothing")
    if lines and not any(_of_the_caller(turn) for turn in report["turns"]):
        found.append("none of the caller's lines was recognised")
    return found
