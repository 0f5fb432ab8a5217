"""Places the calls of the fault matrix, all at once, through a local stack of real processes."""

from __future__ import annotations

import asyncio
import io
import os
import wave
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.scripted import spoken
from adapters.scripted.marked_audio import Speech, read_speech
from localdev.caller.lines import Line
from localdev.caller.place import Order, Placed, place_call
from localdev.stack.layout import OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.supervisor import Stack
from tests.reliability.rows import Row

APART_S = 0.25  # between two rings: so many at once are no fault of the matrix
LONGEST_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a row. `heard`: what the caller heard, with times; `prompts`: files played."""

    row: Row
    heard: tuple[Speech, ...]
    prompts: tuple[str, ...]
    pause_s: float
    record: Mapping[str, Any]

    @property
    def words(self) -> str:
        return " ".join(speech.text for speech in self.heard)


async def played(rows: Sequence[Row], home: Path) -> dict[str, Came]:
    """Play all rows and return what came of each, by its name."""
    layout = Layout(home=home, ports=dict(PORTS)).with_free_ports(PORTS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}
    settings = local_settings(layout, {"STT": "scripted", "TTS": "scripted"})
    urls = {part: layout.url(part) for part in PORTS}
    async with AsyncExitStack() as running:
        stack = Stack(layout, {**clean, **settings}, list(PORTS), lambda _: None)
        await running.enter_async_context(stack)
        calls = []
        async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as tasks:
            for n, row in enumerate(rows):
                order = _order(row, f"+1555{n:07d}")
                placing = place_call(order, urls, settings["EMULATOR_TOKEN"], None)
                calls.append(tasks.create_task(placing))
                await asyncio.sleep(APART_S)
    pairs = zip(rows, calls, strict=True)
    return {row.name: _came(row, call.result()) for row, call in pairs}


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
    facts = [fact for fact in call.record["timeline"] if fact["kind"] == "prompt_played"]
    return Came(
        row=row,
        heard=tuple(heard),
        prompts=tuple(dict.fromkeys(fact["context"] for fact in facts)),
        pause_s=_longest_pause(call.timeline),
        record=call.record,
    )


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
