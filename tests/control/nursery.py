"""A process that bears functions hosts in a fraction of a second, for tests that kill them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.control.stack import APP

PATIENCE_S = 150.0  # a machine with much other work takes a minute to bear the first host


async def in_time[T](what: str, work: Awaitable[T], seconds: float = PATIENCE_S) -> T:
    """Wait for something that another process does, and say what it was if it never came."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain for {what}") from None


@dataclass
class Family:
    """The hosts of one life, one after another: when one dies, the next is born at once."""

    order: dict[str, Any]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    deaths: int = 0
    host: int = 0
    last: bool = False

    def kill(self) -> None:
        """Kill the host that lives, if one does."""
        if self.host:
            with suppress(ProcessLookupError):  # it has died just now
                os.kill(self.host, signal.SIGKILL)


@dataclass
class Nursery:
    """Has families of hosts by their port; see `tests.control.mortal_host`."""

    process: asyncio.subprocess.Process
    families: dict[int, Family] = field(default_factory=dict)

    @asynccontextmanager
    async def family(self, order: dict[str, Any], die_at: int) -> AsyncIterator[Family]:
        """Have a host that dies at a point (0: at none), and others after it, for this block."""
        family = self.families[order["port"]] = Family(order)
        self._bear(family, die_at)
        try:
            await in_time("the first host", family.ready.wait())
            yield family
        finally:
            family.last = True
            family.kill()
            await in_time("the end of the last host", family.over.wait())

    async def watch(self) -> None:
        """Note who is born and who dies, until cancelled."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            match line.decode().split():
                case ["ready", port, pid]:
                    family = self.families[int(port)]
                    family.host = int(pid)
                    if family.last:
                        family.kill()
                    else:
                        family.ready.set()
                case ["dead", port]:
                    self._buried(self.families[int(port)])

    def _buried(self, family: Family) -> None:
        family.ready.clear()
        family.host = 0
        family.deaths += 1
        if family.last:
            family.over.set()
        else:
            self._bear(family, 0)

    def _bear(self, family: Family, die_at: int) -> None:
        assert self.process.stdin is not None
        line = json.dumps({**family.order, "die_at": die_at})
        self.process.stdin.write(f"{line}\n".encode())


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Start a nursery; it and every host of it end with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.control.mortal_host",
        cwd=APP, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    hosts = Nursery(process=process)
    watching = asyncio.create_task(hosts.watch())
    try:
        yield hosts
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await in_time("the end of the nursery", process.wait())
        watching.cancel()
