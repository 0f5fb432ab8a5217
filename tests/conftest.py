"""Fixtures every test may use."""

from typing import Any

import pytest


@pytest.fixture
def anyio_backend() -> Any:
    """Real time by default; a module that wants virtual time overrides this with `VIRTUAL`."""
    return "asyncio"
