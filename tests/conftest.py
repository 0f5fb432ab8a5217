"""Fixtures every test may use, and how tests that run at once share the machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent


@pytest.fixture
def anyio_backend() -> Any:
    """Real time by default; a module that wants virtual time overrides this with `VIRTUAL`."""
    return "asyncio"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let nothing run beside a test that is marked `alone`, its fixtures included."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with _machine(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def _machine(*, alone: bool) -> Iterator[None]:
    """Share the machine with the tests of other workers, or have it to oneself."""
    with (TESTS / "conftest.py").open() as door, (TESTS / "__init__.py").open() as room:
        # Who waits to be alone stands in the door, so that nobody else goes in before him.
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
