import asyncio
from pathlib import Path
from typing import Any

import pytest

from registries import ToolContext, ToolRegistry, run_tool
from tests.bank import bank, context
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


async def test_a_tool_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    tools = ToolRegistry()

    @tools.register(timeout_s=2.0)
    async def hang(call: ToolContext) -> str:
        """Hang."""
        await asyncio.Event().wait()
        return "never"

    result = await run_tool("hang", {}, context(bank(tmp_path)), registry=tools)

    assert (result.ok, result.error) == (False, "timeout")
    assert asyncio.get_running_loop().time() == pytest.approx(2.0)
