"""Many calls through the local stack while things go wrong: is one lost, is anything done twice?

`python -m benchmarks.soak [--calls 200] [--seconds 20] [--at-once 20] [--calm] [--seed 1]`. Host,
two relays behind one address and the simulator are real processes; ears and mouth are scripted, so
that a laptop carries many calls. Every other call has a fault of the simulator, and host and relays
are killed (SIGKILL) in turns, each so long after the one before was back. `--calm` leaves faults
and kills out: then memory and threads are what is looked at. `--keep FOLDER` leaves store and logs
there. Exits with 1 if a call was lost or something was done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from adapters.customers import SqliteCustomers
from adapters.customers.people import PEOPLE
from adapters.scripted import spoken
from benchmarks.growth import Growth
from benchmarks.recovery import Bench, opened
from localdev.caller.exchange import NoAnswer, fetch_record
from localdev.caller.place import call_id_at_host
from localdev.cli.fleet import Fleet
from localdev.stack.layout import OUR_NUMBER

SCRIPTS = (
    ("Refund my overdraft fee.", "My name is Maria Lopez.", "4127", "Yes."),
    ("Tell me about your credit cards.", "I would like one for travel.", "Thank you, goodbye."),
    ("What is my account balance?", "I want to speak to a person."),
    (),
)
TALK = (
    "What is my account balance?", "Tell me about your credit cards.", "Thank you.",
    "I would like one for travel.", "What about my retirement accounts?", "Wait a moment.",
)  # fmt: skip
A_TURN_S = 7.0  # a line of the caller and its answer
FAULTS = (
    "dup_events", "reorder_events", "delay_events:2", "drop_event:CallConnected",
    "drop_event:CallDisconnected", "late_after_disconnect", "event_before_response", "eg_dup",
    "eg_cloudevents", "ws_refuse", "ws_late", "ws_before_connected", "ws_drop_after",
    "ws_half_open", "ws_garbage", "ws_oversize", "ws_unknown_kind", "rest_503", "rest_429",
    "rest_slow", "drop_after_accept", "transfer_fail", "callee_busy",
)  # fmt: skip
TOLD = {
    "caller_said": "utterances", "tool_finished": "tools", "handed_off": "handoffs",
    "transfer_requested": "transfers asked for", "session_opened": "relay sessions",
}  # fmt: skip
KILL_EVERY_S = 12.0
SETTLE_S = 150.0  # an end that nobody told of is found when the call is looked at, every 120 s


@dataclass
class Tally:
    """What came of the calls."""

    outcomes: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Soak:
    """One run: the stack, how long a call is, and what is known so far."""

    bench: Bench
    seconds: float
    chance: random.Random
    calm: bool
    tally: Tally

    async def call(self, n: int) -> None:
        """Place a call, talk, hang up after a while, and look at what is left of it."""
        faults = [] if self.calm or n % 2 else [self.chance.choice(FAULTS)]
        exchange = self.bench.exchange()
        caller = f"+1555{n:07d}"
        placed = await exchange.place(to=OUR_NUMBER, from_=caller, scenario=None, faults=faults)
        call_id = call_id_at_host(placed["correlationId"], OUR_NUMBER)
        for line in self._lines():
            await exchange.say(spoken(line), quiet_ms=700, max_wait_ms=8_000, text=line)
        await asyncio.sleep(self.seconds)
        await exchange.hang_up()
        record = await self._settled(call_id)
        timeline = (await exchange.summary())["timeline"]
        self.tally.outcomes[(record or {}).get("outcome") or "lost"] += 1
        for wrong in await self._wrong(call_id, record, timeline):
            self.tally.wrong.append(f"{call_id} ({', '.join(faults) or 'no fault'}): {wrong}")

    def _lines(self) -> list[str]:
        """Return what a caller says: a script, or in calm calls enough for the whole call."""
        if not self.calm:
            return list(self.chance.choice(SCRIPTS))
        return [self.chance.choice(TALK) for _ in range(int(self.seconds / A_TURN_S))]

    async def _settled(self, call_id: str) -> Any:
        record = None
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            record = await fetch_record(self.bench.http, self._host, call_id) or record
            if record and record["status"] == "ended":
                break
            await asyncio.sleep(1)
        return record

    async def _wrong(self, call_id: str, record: Any, timeline: list[dict[str, Any]]) -> list[str]:
        if not record or record["status"] != "ended":
            return ["no record of its end"]
        done = Counter(
            entry["operation"]
            for entry in timeline
            if entry["kind"] == "rest" and entry["status"] < 300 and not entry["repeated"]
        )
        entries = await self._log(call_id)
        wrong = []
        self.tally.facts.update(entry["fact"]["kind"] for entry in entries)
        if done["answer"] != 1:
            wrong.append(f"answered {done['answer']} times")
        asked = sum(entry["fact"]["kind"] == "transfer_requested" for entry in entries)
        if done["transferToParticipant"] > asked:
            wrong.append("transferred more often than was asked")
        if [entry["n"] for entry in entries] != list(range(1, len(entries) + 1)):
            wrong.append("a gap in its log")
        sources = [(entry["source"], entry["source_id"]) for entry in entries]
        if len(set(sources)) != len(sources):
            wrong.append("a fact twice in its log")
        if record["outcome"] not in ("completed", "transferred"):
            wrong.append(f"ended as {record['outcome']} by {record['ended_by']}")
        return wrong

    async def _log(self, call_id: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []
        url = f"{self._host}/api/v1/calls/{call_id}/log"
        while True:
            try:
                async with self.bench.http.get(url, params={"after": len(entries)}) as reply:
                    page = await reply.json()
            except aiohttp.ClientError:  # the host is being killed
                await asyncio.sleep(1)
                continue
            entries += page["entries"]
            if not page["more"]:
                return entries

    async def kill(self) -> None:
        """Kill host and relays in turns."""
        for turn in range(10_000):
            await asyncio.sleep(KILL_EVERY_S)
            part = ("host", "relay-1", "host", "relay-2")[turn % 4]
            os.kill(self.bench.stack.pids[part], signal.SIGKILL)
            self.tally.kills[part.partition("-")[0]] += 1
            await self._back(part)

    async def _back(self, part: str) -> None:
        """Wait until a part that was killed answers: a slow machine has no other faults for it."""
        await asyncio.sleep(1)
        url = self.bench.stack.layout.url(part)
        while True:
            try:
                async with self.bench.http.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.2)

    @property
    def _host(self) -> str:
        return self.bench.stack.layout.url("host")


def money(home: Path) -> tuple[int, int]:
    """Return what all accounts hold, and what fees were given back, in cents."""
    bank = SqliteCustomers(home / "store" / "customers.db", today=datetime.now(UTC).date())
    everyone = [person.customer.client_id for person in PEOPLE]
    held = sum(account.balance for who in everyone for account in bank.accounts(who))
    moved = (each for who in everyone for each in bank.transactions(who, limit=1_000_000))
    return held, sum(abs(each.amount) for each in moved if each.refunded)


async def main(args: argparse.Namespace) -> int:
    """Run the soak, print what came of it, return the exit code."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        home = args.keep or Path(folder)
        async with AsyncExitStack() as running:
            engines = {"STT": "scripted", "TTS": "scripted"}
            bench = await opened(running, Fleet(relays=2), home, **engines)
            chance = random.Random(args.seed)  # noqa: S311 not a secret
            soak = Soak(bench, args.seconds, chance, args.calm, tally)
            before = money(home)
            growth = Growth(bench.stack, bench.http)
            aside = [asyncio.create_task(growth.watch())]
            if not args.calm:
                aside.append(asyncio.create_task(soak.kill()))
            await place(soak, args.calls, args.at_once)
            for task in aside:
                task.cancel()
            after = money(home)
    if after[0] - before[0] != after[1] - before[1]:
        tally.wrong.append(f"the money does not add up: {before} before, {after} after")
    report(tally, args)
    for line in growth.lines():
        print(line)
    print(f"given back to customers: {(after[0] - before[0]) / 100:.2f} dollars")
    return 1 if tally.wrong else 0


async def place(soak: Soak, calls: int, at_once: int) -> None:
    """Place all calls, so many at a time."""
    free = asyncio.Semaphore(at_once)
    over = 0

    async def one(n: int) -> None:
        nonlocal over
        async with free:
            try:
                await soak.call(n)
            except NoAnswer as error:
                soak.tally.wrong.append(f"call {n}: {error}")
        over += 1
        if over % 20 == 0:
            print(f"{over} of {calls} calls are over", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as tasks:
        for n in range(calls):
            tasks.create_task(one(n))
            await asyncio.sleep(soak.seconds / at_once)


def report(tally: Tally, args: argparse.Namespace) -> None:
    """Print the figures."""
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(tally.outcomes.items()))
    kills = ", ".join(f"{part} {count} times" for part, count in sorted(tally.kills.items()))
    print(f"{args.calls} calls of {args.seconds:g} s, {args.at_once} at once: {outcomes}")
    facts = ", ".join(f"{tally.facts[kind]} {name}" for kind, name in TOLD.items())
    print(f"in them: {facts}")
    print(f"killed: {kills or 'nobody'}; wrong: {len(tally.wrong)}")
    for each in tally.wrong[:20]:
        print(f"  {each}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each call")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--calm", action="store_true", help="no faults, no kills")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave store and logs here")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
