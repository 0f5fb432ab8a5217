"""The stack that is up now, as a small file that other commands find it by."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Addresses and process ids of a stack; `pid` is the supervisor's.

    `passing`: it is up for one call only, and no other should begin on it.
    """

    pid: int
    urls: Mapping[str, str]
    pids: Mapping[str, int]
    passing: bool = False


@contextmanager
def claimed(home: Path) -> Iterator[None]:
    """Have a home for a stack of one's own. Raises `BlockingIOError` while another has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given up when the process ends
        yield


def _file(home: Path) -> Path:
    return home / "stack.json"


def publish(home: Path, running: Running) -> None:
    """Say where the stack is; replaces what was said before, at once."""
    home.mkdir(parents=True, exist_ok=True)
    draft = _file(home).with_suffix(".new")
    draft.write_text(json.dumps(asdict(running)))
    draft.replace(_file(home))


def withdraw(home: Path) -> None:
    """Forget the stack, if the file is still this process's own."""
    found = _read(home)
    if found is not None and found.pid == os.getpid():
        _file(home).unlink(missing_ok=True)


def find(home: Path) -> Running | None:
    """Return the stack that is up, or None; a file left by a killed one does not count."""
    found = _read(home)
    return found if found is not None and _alive(found.pid) else None


def _read(home: Path) -> Running | None:
    try:
        return Running(**json.loads(_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
