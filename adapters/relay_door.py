"""The address of all relays, asked over HTTP whether one is ready."""

from __future__ import annotations

import asyncio
import contextlib

PAUSE_S = 0.25  # before one that refused is asked again


class HttpDoor:
    """A `RelayDoor` at `RELAY_BASE_URL`."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/readyz"

    async def ready(self, within_s: float) -> bool:
        import aiohttp  # with the first call

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), aiohttp.ClientSession() as http:
                while True:
                    with contextlib.suppress(aiohttp.ClientError):
                        async with http.get(self._url, allow_redirects=False) as answer:
                            if answer.status == 200:
                                return True
                    await asyncio.sleep(PAUSE_S)
        return False
