"""How an engine is closed that may be out of order."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

# Whoever stops a relay kills it soon.
CLOSE_S = 3.0

log = logging.getLogger(__name__)


class Closing(Protocol):
    """Holds something that has to be freed."""

    async def aclose(self) -> None: ...


async def let_go(part: Closing) -> None:
    """Close it. Raises nothing and waits for `CLOSE_S` at most: others are to be closed as well."""
    name = type(part).__name__
    try:
        async with asyncio.timeout(CLOSE_S):
            await part.aclose()
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one engine)
        log.warning("could not be closed", extra={"engine": name, "reason": type(error).__name__})
