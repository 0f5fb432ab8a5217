"""HTTP triggers as clients of the host see them."""

import logging
from pathlib import Path

import aiohttp
import pytest

from localdev.functions_host import Host

from .conftest import SAMPLE, Bench


async def test_a_function_gets_parameters_query_and_body(bench: Bench) -> None:
    answer = await bench.call("POST", "/api/hello/b%C3%B6b?x=1&x=2", data="text")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["x-sample"] == "1"
    assert answer.json == {"name": "böb", "query": {"x": "1,2"}, "body": "text", "invoked": True}


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/api/items/7", 200, "item 7"),
        ("GET", "/api/items/latest", 200, "latest"),
        ("GET", "/API/Items/Latest/", 200, "latest"),
        ("GET", "/api/items/other", 404, ""),
        ("POST", "/api/items/7", 404, ""),
        ("GET", "/items/7", 404, ""),
        ("GET", "/api/none", 404, ""),
    ],
)
async def test_a_path_finds_its_function(
    bench: Bench, method: str, path: str, status: int, text: str
) -> None:
    answer = await bench.call(method, path)

    assert (answer.status, answer.text) == (status, text)


async def test_a_parameter_may_hold_a_line_break(bench: Bench) -> None:
    answer = await bench.call("POST", "/api/hello/a%0Ab")

    assert (answer.status, answer.json["name"]) == (200, "a\nb")


async def test_an_optional_parameter_may_be_missing(bench: Bench) -> None:
    answer = await bench.call("GET", "/api/hello")

    assert answer.json["name"] is None


async def test_what_a_function_raises_is_logged_once_and_not_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await bench.call("GET", "/api/broken")

    failures = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert (answer.status, answer.text) == (500, "")
    assert [(r.message, r.function) for r in failures] == [("function failed", "broken")]
    assert "secret detail" in str(failures[0].exc_info[1])


async def test_the_access_log_names_routes_and_never_paths(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    await bench.call("GET", "/api/hello/very-secret?code=hidden")
    await bench.call("GET", "/secret-path")

    lines = [vars(r) for r in caplog.records if r.message == "request"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/api/hello/{name?}", 200),
        ("unknown", 404),
    ]
    assert "secret" not in str(lines)
    assert "hidden" not in str(lines)


async def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    host = Host(app_dir=SAMPLE, max_body_bytes=1024)
    await host.start()
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{host.url}/api/hello/x", data=b"x" * 2048) as response,
        ):
            status = response.status
    finally:
        await host.stop()

    assert status == 413
