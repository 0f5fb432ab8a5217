"""Places the calls of the fault matrix, all at once, through a local stack of real processes."""

from __future__ import annotations

import asyncio
import io
import os
import wave
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from adapters.scripted import spoken
from adapters.scripted.marked_audio import Speech, read_speech
from localdev.caller.lines import Line
from localdev.caller.place import Placed, place_call
from localdev.caller.speaking import Order
from localdev.stack.layout import OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.supervisor import Stack
from tests.reliability.rows import Row

AT_ONCE = 12  # more would be a fault of their own on a small machine
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a row. `heard`: with its times; `prompts`: how many files were played."""

    row: Row
    heard: tuple[Speech, ...]
    prompts: int
    pause_s: float
    record: Mapping[str, Any]

    @property
    def words(self) -> str:
        return " ".join(speech.text for speech in self.heard)


async def played(rows: Sequence[Row], home: Path) -> dict[str, Came]:
    """Play all rows and return what came of each, by its name."""
    layout = Layout(home=home).apart().with_free_ports(PORTS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}
    brisk = {"STT": "scripted", "TTS": "tests.reliability.brisk:speaking"}
    settings = local_settings(layout, brisk)
    urls = {part: layout.url(part) for part in PORTS}
    async with AsyncExitStack() as running:
        stack = Stack(layout, {**clean, **settings}, list(PORTS), lambda _: None)
        await running.enter_async_context(stack)
        free = asyncio.Semaphore(AT_ONCE)

        callers = count()  # who calls again is known, and greeted in other words

        async def placed(row: Row) -> Came:
            async with free:
                order = _order(row, f"+1555{next(callers):07d}")
                return _came(row, await place_call(order, urls, settings["EMULATOR_TOKEN"], None))

        async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as tasks:
            patient_first = sorted(rows, key=lambda row: -row.pause_s)
            calls = [tasks.create_task(placed(row)) for row in patient_first]
        came = {call.result().row.name: call.result() for call in calls}
        # So many calls on a busy machine are a fault of their own: a row must hold by itself.
        for each in [each for each in came.values() if mistakes(each.row, each)]:
            came[each.row.name] = await placed(each.row)
        return came


def _order(row: Row, caller: str) -> Order:
    return Order(
        to=OUR_NUMBER,
        from_=caller,
        lines=tuple(Line(text=line) for line in row.lines),
        audio=tuple(spoken(line) for line in row.lines),
        faults=row.faults,
    )


def _came(row: Row, call: Placed) -> Came:
    with wave.open(io.BytesIO(call.heard_wav)) as sound:
        heard = read_speech(sound.readframes(sound.getnframes()))
    return Came(
        row=row,
        heard=tuple(heard),
        prompts=sum(entry["kind"] == "prompt_started" for entry in call.timeline),
        pause_s=_longest_pause(call.timeline),
        record=call.record,
    )


def mistakes(row: Row, came: Came) -> list[str]:
    """Return what of a row did not hold."""
    at = [came.words.find(phrase) for phrase in row.hears]
    record = came.record
    checks = {
        f"words, in order: {row.hears}; heard: {came.words}": -1 not in at and at == sorted(at),
        f"{row.prompts} prompts, there were {came.prompts}": came.prompts >= row.prompts
        and bool(came.prompts) == bool(row.prompts),
        f"{row.pause_s} s at most, it was {came.pause_s}": came.pause_s <= row.pause_s,
        f"{row.outcome} by {row.ended_by}, it was {record['outcome']} by {record['ended_by']}": (
            (record["outcome"], record["ended_by"]) == (row.outcome, row.ended_by)
        ),
        f"{dict(row.record)} in the record": all(
            record[name] == value for name, value in row.record.items()
        ),
    }
    return [text for text, holds in checks.items() if not holds]


def _longest_pause(timeline: Iterable[Mapping[str, Any]]) -> float:
    """Return for how many seconds the caller at most waited for a word of ours.

    He waits from the moment he is connected and from the end of his own words; a pause in what we
    say before his first word counts too. What is after the last word of ours does not.
    """
    entries = list(timeline)
    up = [e["at_ms"] for e in entries if e["kind"] == "phase" and e["phase"] == "connected"]
    heard = sorted((e["start_ms"], e["end_ms"]) for e in entries if e["kind"] == "heard")
    said = sorted((e["start_ms"], e["end_ms"]) for e in entries if e["kind"] == "utterance_ended")
    waits = [*up[:1], *(end for _, end in said)]
    answers = [(since, [start for start, _ in heard if start >= since - 100]) for since in waits]
    gaps = [min(starts) - since for since, starts in answers if starts]
    first = said[0][0] if said else float("inf")
    before = [pair for pair in heard if pair[0] < first]
    gaps += [after[0] - one[1] for one, after in pairwise(before)]
    return round(max(gaps, default=0.0) / 1000, 1)
