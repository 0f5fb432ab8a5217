"""Places the calls of the fault matrix, most of them at once, through stacks of real processes."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import wave
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import aiohttp

from adapters.scripted import spoken
from adapters.scripted.marked_audio import Speech, read_speech
from benchmarks.recovery import opened, relay_of
from localdev.acs_simulator.control import TOKEN_HEADER
from localdev.caller.lines import Line
from localdev.caller.place import Placed, call_id_at_host, place_call
from localdev.caller.speaking import Order
from localdev.cli.fleet import Fleet
from localdev.stack.layout import OUR_NUMBER, PORTS, Layout, local_settings
from localdev.stack.supervisor import Stack
from tests.reliability.rows import Row

AT_ONCE = 12  # more would be a fault of their own on a small machine
LONGEST_S = 400.0
BRISK = {"STT": "scripted", "TTS": "tests.reliability.brisk:speaking"}
POLL_S = 0.2


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


@dataclass(slots=True, kw_only=True)
class Bench:
    """A stack of real processes, and the callers that call it: each of them for the first time."""

    stack: Stack
    token: str
    callers: Iterator[int] = field(default_factory=count)

    async def place(self, row: Row) -> Came:
        """Play one row."""
        caller = f"+1555{next(self.callers):07d}"
        urls = {part: self.stack.layout.url(part) for part in PORTS}
        async with asyncio.TaskGroup() as tasks:
            placing = tasks.create_task(place_call(_order(row, caller), urls, self.token, None))
            if row.kills:
                tasks.create_task(self._kill(row, caller))
        return _came(row, placing.result())

    async def _kill(self, row: Row, caller: str) -> None:
        """Kill a part of the stack once the caller has said what he had to say."""
        url = f"{self.stack.layout.url('simulator')}/emulator/calls"
        async with aiohttp.ClientSession(headers={TOKEN_HEADER: self.token}) as http:
            while True:
                await asyncio.sleep(POLL_S)
                for call in await _json(http, url):
                    timeline = await _json(http, f"{url}/{call['id']}/timeline")
                    said = sum(entry["kind"] == "utterance_ended" for entry in timeline)
                    if call["from"] == caller and said == len(row.lines):
                        part = row.kills
                        if part == "relay":
                            call_id = call_id_at_host(call["correlationId"], OUR_NUMBER)
                            part = await relay_of(call_id, self.stack)
                        os.kill(self.stack.pids[part], signal.SIGKILL)
                        return


@asynccontextmanager
async def _bench(home: Path) -> AsyncIterator[Bench]:
    layout = Layout(home=home).apart().with_free_ports(PORTS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}
    settings = local_settings(layout, BRISK)
    async with Stack(layout, {**clean, **settings}, list(PORTS), lambda _: None) as stack:
        yield Bench(stack=stack, token=settings["EMULATOR_TOKEN"])


async def played(rows: Sequence[Row], home: Path) -> dict[str, Came]:
    """Play all rows and return what came of each, by its name.

    Those in which audio is kept have a stack of their own, with two relays. There a part may be
    killed as well, since nothing else happens meanwhile.
    """
    usual = [row for row in rows if not row.recorded]
    apart = [row for row in rows if row.recorded]
    async with AsyncExitStack() as running:
        together = await running.enter_async_context(_bench(home / "usual"))
        keeping = await opened(
            running, Fleet(relays=2), home / "recorded", KEEP_AUDIO="true", **BRISK
        )
        alone = Bench(stack=keeping.stack, token=keeping.token)
        async with asyncio.timeout(LONGEST_S):
            found = await asyncio.gather(_at_once(together, usual), _in_turn(alone, apart))
        came = {each.row.name: each for some in found for each in some}
        # So many calls on a busy machine are a fault of their own: a row must hold by itself.
        for each in [each for each in came.values() if mistakes(each.row, each)]:
            bench = alone if each.row.recorded else together
            came[each.row.name] = await bench.place(each.row)
        return came


async def _at_once(bench: Bench, rows: Sequence[Row]) -> list[Came]:
    free = asyncio.Semaphore(AT_ONCE)

    async def placed(row: Row) -> Came:
        async with free:
            return await bench.place(row)

    patient_first = sorted(rows, key=lambda row: -row.pause_s)
    async with asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(placed(row)) for row in patient_first]
    return [call.result() for call in calls]


async def _in_turn(bench: Bench, rows: Sequence[Row]) -> list[Came]:
    """Play what is not killed at once, then the rest one by one."""
    whole = await _at_once(bench, [row for row in rows if not row.kills])
    return whole + [await bench.place(row) for row in rows if row.kills]


async def _json(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url) as answer:
        return await answer.json()


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
    record = came.record
    checks = {
        f"words, in order: {row.hears}; heard: {came.words}": (
            in_order(row.hears, came.words)
            or (
                row.or_hears != ()
                and came.words.startswith(row.or_hears[0])
                and in_order(row.or_hears, came.words)
            )
        ),
        f"{row.prompts} prompts, there were {came.prompts}": came.prompts >= row.prompts
        and bool(came.prompts) == bool(row.prompts),
        f"{row.pause_s} s at most, it was {came.pause_s}": came.pause_s <= row.pause_s,
        f"{row.outcome} by {row.ended_by}, it was {record['outcome']} by {record['ended_by']}": (
            (record["outcome"], record["ended_by"]) == (row.outcome, row.ended_by)
        ),
        f"{dict(row.record)} in the record": _holds(record, row.record),
    }
    return [text for text, holds in checks.items() if not holds]


def in_order(phrases: Sequence[str], words: str) -> bool:
    """Whether all of these were said, one after another."""
    at = [words.find(phrase) for phrase in phrases]
    return -1 not in at and at == sorted(at)


def _holds(found: Any, wanted: Any) -> bool:
    """Whether what is wanted is there; of an object, as much of it as is wanted."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_holds(found[name], value) for name, value in wanted.items())
    return bool(found == wanted)


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
