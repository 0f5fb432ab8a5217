"""The report of a run as one JSON object, and what became worse since another one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from localdev.evaluate.checked import (
    ANSWERED,
    GREETED,
    HEARD,
    HELD,
    ONE_EACH,
    PLAYED,
    UNFAILING,
    Check,
    Checked,
    CheckedTurn,
)
from localdev.evaluate.errors import CannotRun

SCHEMA = 1
SLOWER = 1.5
SLOWER_BY_MS = 100.0  # less is the machine's mood

Report = Mapping[str, Any]


def report_of(
    checked: Sequence[Checked], *, brain: str, mode: str, skipped: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the whole run; `mode` is text or audio, `skipped` the conversations left out."""
    turns = [turn for each in checked for turn in each.turns if turn.n and turn.answered]
    waits = [turn.wait_ms for turn in turns if turn.wait_ms is not None]
    every = [check for each in checked for check in each.every_check()]
    return {
        "schema": SCHEMA,
        "brain": brain,
        "mode": mode,
        "conversations": [_conversation(each) for each in checked],
        "skipped": list(skipped),
        "held": sum(each.held for each in checked),
        "passed": sum(each.ok for each in checked),
        "failed": sum(not each.ok for each in checked),
        "checks": len(every),
        "checks_failed": sum(not check.ok for check in every),
        "wait_ms": _spread(waits),
    }


def _conversation(checked: Checked) -> dict[str, Any]:
    return {
        "name": checked.name,
        "file": checked.file,
        "description": checked.description,
        "ok": checked.ok,
        "held": checked.held,
        "ended": checked.ended,
        "turns": [_turn(turn) for turn in checked.turns],
        "checks": [_check(check) for check in checked.checks],
        "notes": list(checked.notes),
    }


def _turn(turn: CheckedTurn) -> dict[str, Any]:
    lists = {"tools": list(turn.tools), "handoffs": list(turn.handoffs)}
    return {**asdict(turn), **lists, "checks": [_check(check) for check in turn.checks]}


def _check(check: Check) -> dict[str, Any]:
    return {**asdict(check), "ok": check.ok}


def _spread(waits: Sequence[float]) -> dict[str, float]:
    if not waits:
        return {}
    cuts = quantiles(waits, n=100, method="inclusive") if len(waits) > 1 else [waits[0]] * 99
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "max": max(waits)}


# --- beside an earlier run ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed since a baseline, in words.

    `regressions` and `unmet` are bad. `unmet`: what the baseline did not ask for, and is not met.
    """

    regressions: tuple[str, ...]
    unmet: tuple[str, ...]
    fixed: tuple[str, ...]
    notes: tuple[str, ...]


def read_baseline(path: Path) -> Report:
    """Read a report that was saved. Raises CannotRun."""
    try:
        report: dict[str, Any] = json.loads(path.read_text())
        compare(report, report)
    except OSError as error:
        raise CannotRun(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CannotRun(f"{path} is no saved report") from error
    return report


def compare(now: Report, before: Report) -> Comparison:
    """Name every expectation that was met before and is not now, and the other way round."""
    present, past = _outcomes(now), _outcomes(before)
    same = [key for key in present if key in past]
    here, there = _names(now), _names(before)
    came, gone = [n for n in here if n not in there], [n for n in there if n not in here]
    notes = [f"new: {', '.join(came)}"] if came else []
    notes += [f"in the baseline, but not in this run: {', '.join(gone)}"] if gone else []
    if (now["brain"], now["mode"]) != (before["brain"], before["mode"]):
        notes.append(f"the baseline is of {before['brain']} ({before['mode']})")
    notes += _lower(now, before)
    slow = _slower(now, before)
    return Comparison(
        regressions=(
            *(_told(key, present) for key in same if present[key] and not past[key]),
            *((slow,) if slow else ()),
        ),
        unmet=tuple(_told(key, present) for key in present if present[key] and key not in past),
        fixed=tuple(_place(key) for key in same if past[key] and not present[key]),
        notes=tuple(notes),
    )


Key = tuple[str, int, str]


def _outcomes(report: Report) -> dict[Key, str]:
    """Return for every expectation why it was not met; empty for those that were."""
    return {key: each["reason"] for key, each in _every(report)}


def _every(report: Report) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    for conversation in report["conversations"]:
        name = conversation["name"]
        for unwritten in (HELD, HEARD, PLAYED, ONE_EACH, UNFAILING):
            yield (name, -1, unwritten), {"reason": ""}
        for turn in conversation["turns"]:
            yield (name, turn["n"], ANSWERED if turn["n"] else GREETED), {"reason": ""}
            for check in turn["checks"]:
                yield (name, turn["n"], check["name"]), check
        for check in conversation["checks"]:
            yield (name, -1, check["name"]), check


def _lower(now: Report, before: Report) -> Iterator[str]:
    """Tell of scores that fell and are still enough."""
    past = {key: each.get("score") for key, each in _every(before)}
    for key, each in _every(now):
        score, was = each.get("score"), past.get(key)
        if score is not None and was is not None and score < was and not each["reason"]:
            yield f"{_place(key)}: {score}, was {was}"


def _told(key: Key, outcomes: Mapping[Key, str]) -> str:
    return f"{_place(key)}: {outcomes[key]}"


def _place(key: Key) -> str:
    name, turn, what = key
    where = "call" if turn < 0 else f"turn {turn}" if turn else "greeting"
    return f"{name}, {where}, {what}"


def _names(report: Report) -> list[str]:
    return [conversation["name"] for conversation in report["conversations"]]


def _slower(now: Report, before: Report) -> str:
    after, past = now["wait_ms"].get("p50", 0.0), before["wait_ms"].get("p50", 0.0)
    if (now["brain"], now["mode"]) != (before["brain"], before["mode"]):
        return ""
    if not past or after <= past * SLOWER or after - past <= SLOWER_BY_MS:
        return ""
    return f"answers take {after:.0f} ms where they took {past:.0f} ms (half of them take less)"
