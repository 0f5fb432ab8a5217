"""A running host of the sample app, and the doors through which tests use it."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest

from localdev.functions_host import Host, VirtualClock

SAMPLE = Path(__file__).parent / "sample_app"


@dataclass
class Answer:
    """What the host answered."""

    status: int
    text: str
    headers: Any

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Bench:
    """A host and an HTTP client for it."""

    def __init__(self, host: Host, http: aiohttp.ClientSession) -> None:
        self.host = host
        self.engine = host.engine
        self.http = http

    @property
    def app(self) -> ModuleType:
        """The running app's own module."""
        return sys.modules["function_app"]

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        async with self.http.request(method, self.host.url + path, **options) as response:
            return Answer(response.status, await response.text(), response.headers)

    async def start(self, name: str, content: Any = None, instance: str | None = None) -> str:
        query = f"?id={instance}" if instance else ""
        answer = await self.call("POST", f"/api/start/{name}{query}", json=content)
        assert answer.status == 202, answer.text
        return str(answer.json["id"])

    async def run(self, name: str, content: Any = None, instance: str | None = None) -> Any:
        """Start an orchestration through the SDK's client and wait for its end."""
        return await self.engine.wait(await self.start(name, content, instance))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    host = Host(app_dir=SAMPLE, clock=VirtualClock())
    await host.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Bench(host, http)
    finally:
        await host.stop()
