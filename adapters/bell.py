"""Notices to people, sent to an address that some tool of theirs listens at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

WITHIN_S = 5.0


class HttpBell:
    """A `Bell` that posts JSON. The address may hold a secret and is not shown."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ring(self, notice: Mapping[str, Any]) -> bool:
        import aiohttp  # with the first notice

        try:
            async with (
                asyncio.timeout(WITHIN_S),
                aiohttp.ClientSession() as http,
                http.post(self._url, json=dict(notice), allow_redirects=False) as answer,
            ):
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False
