"""Servers under measurement: each in a process of its own, on core 0; who measures is on core 1."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / ".artvoice" / "benchmarks"


def alone_on_core(number: int) -> None:
    """Keep this process, and the threads it will have, on one core."""
    os.sched_setaffinity(0, {number % (os.cpu_count() or 1)})


@contextmanager
def serving(command: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (port, pid) of a server that prints its port when it listens."""
    quiet = {**os.environ, "LOGURU_LEVEL": "ERROR"}
    server = subprocess.Popen([*command], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=quiet)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.strip().isdigit():
            raise SystemExit(f"{' '.join(command)} did not start")
        yield int(line), server.pid
    finally:
        server.kill()
        server.wait()


def ours(module: str, *options: str) -> tuple[str, ...]:
    """Return the command of one of our benchmark servers."""
    return (sys.executable, "-m", f"benchmarks.{module}", *options)


def rss_kb(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def cpu_ns(pid: int) -> int:
    """Return what all threads of a process have spent on a CPU."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)
