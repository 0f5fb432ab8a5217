"""How long a caller hears nothing: a relay starts from nothing, is killed, or is told to go.

`python -m benchmarks.recovery [times]`: a local stack with embedded engines for each case. Times
are seconds on the caller's clock.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from localdev.caller.exchange import Exchange
from localdev.caller.place import call_id_at_host
from localdev.cli.fleet import Fleet
from localdev.stack.layout import CALLER_NUMBER, OUR_NUMBER, Layout, local_settings
from localdev.stack.supervisor import Stack

SPEAKS_FOR_S = 2.0  # the relay dies in the middle of the greeting
LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A stack that is up, and a way to ring it."""

    stack: Stack
    http: aiohttp.ClientSession
    token: str

    def exchange(self) -> Exchange:
        return Exchange(self.http, self.stack.layout.url("simulator"), self.token)


async def opened(running: AsyncExitStack, wanted: Fleet, home: Path, **more: str) -> Bench:
    """Start a stack of its own, apart from any other."""
    base = Layout(home=home).apart().with_relays(wanted.behind_front)
    layout = base.with_free_ports(base.ports)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACS_")}
    environ = {**clean, **local_settings(layout, {**wanted.settings, **more})}
    stack = Stack(layout, environ, ["host", "simulator", *wanted.awake], lambda _: None)
    front = wanted.front(layout, stack, lambda _: None)
    await running.enter_async_context(front.listening(layout.ports["relay"]))
    await running.enter_async_context(stack)
    http = await running.enter_async_context(aiohttp.ClientSession())
    return Bench(stack=stack, http=http, token=environ["EMULATOR_TOKEN"])


class Watched:
    """A call and what its caller heard."""

    def __init__(self, exchange: Exchange, call_id: str) -> None:
        self.exchange = exchange
        self.call_id = call_id
        self.entries: list[dict[str, Any]] = []

    async def until(
        self, kind: str, *, since_ms: float = 0.0, clock: str = "at_ms", **facts: str
    ) -> dict[str, Any]:
        """Return the first such entry of the call's timeline, by one of its times."""
        seen = 0
        async with asyncio.timeout(LONGEST_S):
            while True:
                for entry in self.entries[seen:]:
                    told = entry["kind"] == kind and facts.items() <= entry.items()
                    if told and entry[clock] >= since_ms:
                        return entry
                seen = len(self.entries)
                page = await self.exchange.events(seen, wait_s=5)
                self.entries += page["entries"]

    async def words_after(self, moment_ms: float) -> float:
        """Return when the caller next hears somebody begin to speak."""
        entry = await self.until("heard_started", since_ms=moment_ms, clock="start_ms")
        return float(entry["start_ms"])

    async def next_relay_sounds(self, moment_ms: float) -> float:
        """Return when another relay begins to be heard.

        What it says may follow so closely that a listener takes it for the same speech.
        """
        opened = await self.until("media_open", since_ms=moment_ms)
        return float((await self.until("media_sounds", since_ms=opened["at_ms"]))["at_ms"])

    async def now_ms(self) -> float:
        return float((await self.exchange.summary())["clock"]["now_ms"])


async def ring(bench: Bench, faults: Sequence[str] = ()) -> Watched:
    exchange = bench.exchange()
    placed = await exchange.place(to=OUR_NUMBER, from_=CALLER_NUMBER, scenario=None, faults=faults)
    return Watched(exchange, call_id_at_host(placed["correlationId"], OUR_NUMBER))


async def relay_of(call_id: str, stack: Stack) -> str:
    """Return the relay that has a call, by what it logged."""
    while True:
        for name in stack.pids:
            log = stack.log_of(name)
            if name.startswith("relay") and any(
                call_id in line and "call joined" in line for line in log.read_text().splitlines()
            ):
                return name
        await asyncio.sleep(0.05)


async def left(bench: Bench, by: signal.Signals, *faults: str) -> float:
    """Send the relay of a call a signal; return the seconds until another one speaks."""
    call = await ring(bench, faults)
    await call.until("heard_started")
    relay = await relay_of(call.call_id, bench.stack)
    await asyncio.sleep(SPEAKS_FOR_S)
    gone = await call.now_ms()
    os.kill(bench.stack.pids[relay], by)
    spoke = await call.next_relay_sounds(gone)
    await call.exchange.hang_up()
    await call.until("media_closed")
    await ready_again(bench, relay)
    return (spoke - gone) / 1000


async def ready_again(bench: Bench, relay: str) -> None:
    """Wait until a relay that has gone is back, so that the next one to go leaves another."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            await asyncio.sleep(0.2)
            with suppress(aiohttp.ClientConnectionError):
                async with bench.http.get(f"{bench.stack.layout.url(relay)}/readyz") as answer:
                    if answer.ok:
                        return


async def welcomed(bench: Bench) -> tuple[float, float]:
    """Return when a caller heard the first word, and the agent's first; seconds after the ring."""
    call = await ring(bench)
    first = await call.words_after(0.0)
    media = await call.until("media_open")
    agent = await call.words_after(media["at_ms"])
    await call.exchange.hang_up()
    await call.until("media_closed")
    return first / 1000, agent / 1000


async def given_up(bench: Bench) -> list[float]:
    """Return when a caller whom no relay takes hears something, and when the call ends."""
    call = await ring(bench)
    over = await call.until("phase", phase="disconnected")
    heard = [entry["start_ms"] for entry in call.entries if entry["kind"] == "heard_started"]
    return [ms / 1000 for ms in (*heard, over["at_ms"])]


async def departures(times: int, by: signal.Signals, *faults: str) -> list[float]:
    """Have one relay of a pair go, one call after the other; it goes at once, in mid-sentence."""
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as running:
            bench = await opened(running, Fleet(relays=2), Path(folder), DRAIN_SECONDS="0")
            return [await left(bench, by, *faults) for _ in range(times)]


async def beginnings(times: int) -> None:
    """Ring a relay that runs, one that starts from nothing each time, and one that never comes."""
    for title, wanted in (("a warm relay", Fleet(relays=2)), ("none at first", Fleet(idle_s=1.0))):
        with tempfile.TemporaryDirectory() as folder:
            async with AsyncExitStack() as running:
                bench = await opened(running, wanted, Path(folder))
                found = []
                await welcomed(bench)  # the first call of a host pays for what all later ones use
                for _ in range(times):
                    await asyncio.sleep(4)  # one that is only woken goes to sleep again
                    found.append(await welcomed(bench))
        first, agent = (statistics.median(each) for each in zip(*found, strict=True))
        worst = max(agent for _, agent in found)
        print(
            f"{title}: {times} calls, first word {first:.2f} s after the ring, the agent's "
            f"{agent:.2f} s (worst {worst:.2f} s)",
            flush=True,
        )
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as running:
            heard = await given_up(await opened(running, Fleet(never=True), Path(folder)))
    moments = ", ".join(f"{moment:.1f}" for moment in heard[:-1])
    print(f"a relay that never comes: something is heard at {moments} s, over at {heard[-1]:.1f} s")


async def main(times: int) -> None:
    await beginnings(times)
    unseen = "drop_event:MediaStreamingFailed"
    for title, by, faults in (
        ("relay killed, told by the carrier", signal.SIGKILL, ()),
        ("relay killed, found by the monitor", signal.SIGKILL, (unseen,)),
        ("relay told to go (SIGTERM)", signal.SIGTERM, ()),
        ("the same without the carrier's event", signal.SIGTERM, (unseen,)),
    ):
        found = await departures(times, by, *faults)
        print(
            f"{title}: {len(found)} calls, next word after "
            f"{statistics.median(found):.2f} s (worst {max(found):.2f} s)",
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
