"""Whether a call's record is what its log says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.record import call_record
from core.wordless import without_words
from localdev.replay.source import Recorded

FACTS = ("direction", "phase", "outcome", "ended_by", "agent", "epoch", "reconciled", "handoffs")
LATER = 200  # entries that a call may get once its record is written: reports, our own commands
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`differences`: between the record and the log; `later`: entries the record knows not of."""

    folded: Record
    differences: tuple[str, ...]
    later: int = 0


def verdict(recorded: Recorded) -> Verdict:
    """Fold the log again and compare.

    The record was written at some moment after the call's end, so it must be what the log said at
    one moment; what was appended after that is counted, and is no difference.
    """
    size = len(recorded.log)
    folded = _folded(recorded, size)
    for end in range(size, max(size - LATER, -1), -1):
        if not any(_differences(_folded(recorded, end), recorded.record)):
            return Verdict(folded=folded, differences=(), later=size - end)
    return Verdict(folded=folded, differences=tuple(_differences(folded, recorded.record)))


def _folded(recorded: Recorded, entries: int) -> Record:
    record = call_record(recorded.call_id, recorded.log[:entries])
    plain: Record = json.loads(json.dumps(record))
    return plain


def _differences(folded: Record, record: Record) -> Iterator[str]:
    if not _has_words(record):
        folded, record = _bare(folded), _bare(record)
    for name in FACTS:
        if folded[name] != record.get(name):
            yield f"{name}: the log says {folded[name]!r}, the record says {record.get(name)!r}"
    theirs = {turn["n"]: turn for turn in record["turns"]}
    ours = {turn["n"]: turn for turn in folded["turns"]}
    for n in sorted(ours.keys() | theirs.keys()):
        if n not in theirs or n not in ours:
            yield f"turn {n}: only the {'log' if n in ours else 'record'} has it"
            continue
        names = [name for name in ours[n] if ours[n][name] != theirs[n].get(name)]
        for name in names:
            log, kept = ours[n][name], theirs[n].get(name)
            yield f"turn {n}, {name}: the log says {log!r}, the record says {kept!r}"


def _has_words(record: Record) -> bool:
    return any(turn[name] for turn in record["turns"] for name in ("caller", "reply", "heard"))


def _bare(record: Record) -> Record:
    """Return a record without anything that goes with the words of a call."""
    bare = without_words(record)
    turns = [
        {**turn, "tools": [{**run, "error": ""} for run in turn["tools"]]} for turn in bare["turns"]
    ]
    return {**bare, "turns": turns}
