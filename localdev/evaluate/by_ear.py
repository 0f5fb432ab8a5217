"""A call's record as its caller has it: what came to his ear, and how long he waited for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import Any

from localdev.caller.place import Placed

WORDLESS = "its words were not kept (KEEP_TRANSCRIPT=false), so nothing of it can be checked"


def as_heard(placed: Placed) -> dict[str, Any]:
    """Return a call's record as that of a text call, with `greeted_ms`."""
    record, turns = placed.record, _sounded(placed)
    last = [turn["agent"] for turn in turns if turn["agent"]]
    ended = {"agent": "hang_up", "transfer": "transfer"}.get(record["ended_by"] or "", "open")
    return {
        **record,
        "timeline": record.get("timeline", []),
        "turns": turns,
        "agent": last[-1] if last else "",
        "ended": ended,
        "greeted_ms": _greeted_ms(placed),
    }


def wordless(placed: Placed) -> bool:
    """Whether a call left turns and not one word of anybody."""
    return bool(placed.turns) and not any(turn["caller"] or turn["reply"] for turn in placed.turns)


def _sounded(placed: Placed) -> list[Mapping[str, Any]]:
    """Return the turns, as silent those in which no sound came before the next was decided.

    The relay counts as heard what it sent; a voice that sends silence says nothing.
    """
    begun = [_began_ms(turn, first=n == 0) for n, turn in enumerate(placed.turns)]
    ends = dict(pairwise([*(at for at in begun if at is not None), inf]))
    return [
        turn if at is None or _sound(placed, at, ends[at]) else _silent(turn)
        for turn, at in zip(placed.turns, begun, strict=True)
    ]


def _began_ms(turn: Mapping[str, Any], *, first: bool) -> float | None:
    """Return from when on its words can be heard; the first turn has the call's beginning."""
    decided: float | None = turn.get("decided_ms")
    return 0.0 if first and decided is None else decided


def _sound(placed: Placed, start_ms: float, end_ms: float) -> bool:
    return any(each.start_ms < end_ms and each.end_ms > start_ms for each in placed.ears.heard)


def _silent(turn: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a turn without what was not heard of it: its wait is that of a later sound."""
    return {**turn, "heard": "", "interrupted": False, "latency_ms": {}}


def _greeted_ms(placed: Placed) -> float | None:
    """Return how long the caller listened into silence once the call was answered."""
    phases: Sequence[Mapping[str, Any]] = placed.timeline
    answered = (e["at_ms"] for e in phases if e["kind"] == "phase" and e["phase"] == "connected")
    first = min((each.start_ms for each in placed.ears.heard), default=None)
    at = next(answered, None)
    return None if first is None or at is None else round(first - at, 1)
