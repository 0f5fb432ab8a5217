"""Fixtures every test may use, and how tests that run at once share the machine."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes is the machine's affair; and whoever breaks a law finds it again.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# Stacks of processes, media in real time, models: never two of them at once.
REAL_TIME = (
    "tests/reliability/test_matrix.py",
    "tests/local/test_real_call.py",
    "tests/local/test_fleet.py",
    "tests/engines/test_real_speech.py",
    "tests/relay/test_loop_watch.py",
)


@pytest.fixture
def anyio_backend() -> Any:
    """Real time by default; a module that wants virtual time overrides this with `VIRTUAL`."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes real time: it mostly waits, and the rest is done meanwhile."""
    items.sort(key=lambda item: _place(_file(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker whole files, and one of them all that takes real time."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = _file(nodeid)
            return "real time" if file in REAL_TIME else file

    config.option.loadscopereorder = False  # the order of the collection is meant
    return ByFile(config, log)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _place(file: str) -> int:
    return REAL_TIME.index(file) if file in REAL_TIME else len(REAL_TIME)
