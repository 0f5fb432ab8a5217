"""How the processes of a stack grow: resident memory, threads, and the tasks of a relay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from localdev.stack.supervisor import Stack

EVERY_S = 2.0
WARM = 0.2  # of the time: what is allocated once is allocated by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A process at a moment. `tasks` of a relay; 0 while it does not answer."""

    at: float
    kib: int
    threads: int
    tasks: int


class Growth:
    """Watches a stack until cancelled. `lines` says what came of it."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._http = http
        self._sizes: dict[str, list[Size]] = {}

    async def watch(self) -> None:
        """Note the size of every process again and again."""
        while True:
            for part, pid in self._stack.pids.items():
                try:
                    kib, threads = _weight(pid)
                except (OSError, KeyError):  # it was killed just now
                    continue
                tasks = await self._tasks(part) if part.startswith("relay") else 0
                size = Size(at=time.monotonic(), kib=kib, threads=threads, tasks=tasks)
                self._sizes.setdefault(part, []).append(size)
            await asyncio.sleep(EVERY_S)

    def lines(self) -> Iterator[str]:
        """Say of each process what it was when warm, half-way, at the end, and at most."""
        for part, sizes in sorted(self._sizes.items()):
            begun, over = sizes[0].at, sizes[-1].at
            warm = [size for size in sizes if size.at - begun >= WARM * (over - begun)]
            memory = _course([size.kib // 1024 for size in warm])
            threads = _course([size.threads for size in warm])
            tasks = [size.tasks for size in warm if size.tasks]
            told = f", tasks {_course(tasks)}" if tasks else ""
            yield f"{part}: MiB {memory}, threads {threads}{told}"

    async def _tasks(self, relay: str) -> int:
        """Ask a relay for its tasks."""
        try:
            url = f"{self._stack.layout.url(relay)}/healthz"
            async with self._http.get(url) as reply:
                lines = (await reply.text()).splitlines()
        except aiohttp.ClientError:
            return 0
        return next((int(line.split()[0]) for line in lines if line.endswith(" tasks")), 0)


def _course(values: list[int]) -> str:
    """Say how it went; what still grows in the second half is not only warming up."""
    return f"{values[0]} -> {values[len(values) // 2]} -> {values[-1]} (most {max(values)})"


def _weight(pid: int) -> tuple[int, int]:
    """Return a process's resident memory in KiB and its threads."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = dict(row.split(":", 1) for row in rows if ":" in row)
    return int(values["VmRSS"].split()[0]), int(values["Threads"])
