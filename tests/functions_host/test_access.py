"""Who may talk to the host, and what it asks for."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from localdev.functions_host import Host

from .conftest import SAMPLE, Bench

KEY = "the key"
DURABLE = "/runtime/webhooks/durabletask"


@pytest.fixture
async def locked() -> AsyncIterator[Bench]:
    host = Host(app_dir=SAMPLE, function_key=KEY)
    await host.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Bench(host, http)
    finally:
        await host.stop()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:80"])
async def test_this_machine_may_be_called_by_its_names(bench: Bench, name: str) -> None:
    answer = await bench.call("GET", "/admin/host/status", headers={"Host": name})

    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example@127.0.0.1:x"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/api/hello/x", f"{DURABLE}/instances", "/admin/functions"])
async def test_foreign_hosts_and_origins_are_refused(
    bench: Bench, headers: dict[str, str], path: str
) -> None:
    answer = await bench.call("GET", path, headers=headers)

    assert answer.status == 403
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_a_page_of_this_machine_may_call(bench: Bench) -> None:
    answer = await bench.call("GET", "/api/hello/x", headers={"Origin": "http://localhost:5173"})

    assert answer.status == 200


async def test_without_a_key_nothing_asks_for_one(bench: Bench) -> None:
    answer = await bench.call("GET", "/api/guarded")

    assert (answer.status, answer.text) == (200, "inside")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 401),
        ({"headers": {"x-functions-key": "wrong"}}, 401),
        ({"params": {"code": "wrong"}}, 401),
        ({"headers": {"x-functions-key": KEY}}, 200),
        ({"params": {"code": KEY}}, 200),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/api/guarded", "/admin/functions", "/admin/host/status", f"{DURABLE}/instances"],
)
async def test_a_key_opens_what_asks_for_one(
    locked: Bench, path: str, options: dict[str, Any], status: int
) -> None:
    answer = await locked.call("GET", path, **options)

    assert answer.status == status


async def test_anonymous_functions_ask_for_nothing(locked: Bench) -> None:
    answer = await locked.call("GET", "/api/hello/x")

    assert answer.status == 200


async def test_event_grid_brings_the_key_in_its_url(locked: Bench) -> None:
    hook = "/runtime/webhooks/EventGrid?functionName=on_cloud_event"
    headers = {"aeg-event-type": "Unsubscribe"}

    without = await locked.call("POST", hook, headers=headers)
    with_key = await locked.call("POST", hook, headers=headers, params={"code": KEY})

    assert (without.status, with_key.status) == (401, 202)


async def test_the_sdks_client_works_and_gives_out_links_with_the_key(locked: Bench) -> None:
    started = await locked.call("POST", "/api/start/at_once?id=x")
    await locked.engine.wait("x")

    status = await locked.call("GET", started.json["statusQueryGetUri"][len(locked.host.url) :])

    assert status.json["runtimeStatus"] == "Completed"
