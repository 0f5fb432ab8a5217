"""The admin endpoints, and how a host refuses to start."""

import sys
from pathlib import Path

import aiohttp
import pytest

from localdev.functions_host import Host, StartError

from .conftest import SAMPLE, Bench


async def test_all_functions_are_listed_with_their_bindings(bench: Bench) -> None:
    listed = await bench.call("GET", "/admin/functions")
    one = await bench.call("GET", "/admin/functions/hourly")
    none = await bench.call("GET", "/admin/functions/none")

    names = {f["name"] for f in listed.json}
    assert {"hello", "on_call", "hourly", "say", "chain", "counter"} <= names
    assert one.json["config"]["bindings"][0]["type"] == "timerTrigger"
    assert none.status == 404


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("hourly", {"input": ""}, 202),
        ("say", {"input": '"x"'}, 202),
        ("chain", {"input": ""}, 400),
        ("none", {"input": ""}, 404),
        ("hourly", ["x"], 400),
    ],
)
async def test_functions_are_run_by_hand(
    bench: Bench, name: str, body: object, status: int
) -> None:
    answer = await bench.call("POST", f"/admin/functions/{name}", json=body)

    assert answer.status == status


async def test_stopping_waits_for_what_runs_by_hand() -> None:
    host = Host(app_dir=SAMPLE)
    await host.start()
    async with aiohttp.ClientSession() as http:
        await http.post(f"{host.url}/admin/functions/hourly", json={"input": ""})
    app = sys.modules["function_app"]

    await host.stop()

    assert app.SEEN == [("timer", "False")]


def write_app(folder: Path, code: str, host_json: str = "{}") -> Path:
    (folder / "host.json").write_text(host_json)
    (folder / "function_app.py").write_text(
        "import azure.functions as func\napp = func.FunctionApp()\n" + code
    )
    return folder


UNKNOWN_INPUT = """
@app.queue_trigger(arg_name="message", queue_name="q", connection="C")
def listen(message: func.QueueMessage) -> None: ...
"""
UNKNOWN_OUTPUT = """
@app.route(route="x")
@app.queue_output(arg_name="out", queue_name="q", connection="C")
def write(req: func.HttpRequest, out: func.Out[str]) -> str: ...
"""
FINE = """
@app.route(route="where")
def where(req: func.HttpRequest) -> str:
    return WHERE
"""


@pytest.mark.parametrize(
    ("code", "host_json", "words"),
    [
        (UNKNOWN_INPUT, "{}", ["'listen'", "'message'", "queueTrigger"]),
        (UNKNOWN_OUTPUT, "{}", ["'write'", "'out'", "queue"]),
        ("raise RuntimeError('no luck')", "{}", ["no luck"]),
        ("", "{}", ["no functions"]),
        (FINE, "{", ["host.json", "JSON"]),
        (FINE, '{"extensions": {"durableTask": {"hubName": "%NO_HUB%"}}}', ["NO_HUB"]),
        (
            FINE,
            '{"extensions": {"durableTask": {"maxConcurrentEntityFunctions": 0}}}',
            ["maxConcurrentEntityFunctions"],
        ),
    ],
)
async def test_an_app_that_cannot_run_is_refused_in_words(
    tmp_path: Path, code: str, host_json: str, words: list[str]
) -> None:
    host = Host(app_dir=write_app(tmp_path, code, host_json))

    with pytest.raises(StartError) as refused:
        await host.start()

    assert [word for word in words if word not in str(refused.value)] == []


async def test_one_process_may_run_one_app_after_the_other(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        host = Host(app_dir=write_app(folder, f"WHERE = {name!r}\n{FINE}"))
        await host.start()
        async with aiohttp.ClientSession() as http, http.get(host.url + "/api/where") as answer:
            texts.append(await answer.text())
        await host.stop()

    assert texts == ["one", "two"]


async def test_a_taken_port_is_told(bench: Bench) -> None:
    second = Host(app_dir=SAMPLE, port=bench.host.port)

    with pytest.raises(StartError, match="is taken"):
        await second.start()


async def test_a_file_is_for_one_engine_only(tmp_path: Path) -> None:
    first = Host(app_dir=SAMPLE, db=tmp_path / "engine.db")
    await first.start()
    second = Host(app_dir=SAMPLE, db=tmp_path / "engine.db")

    with pytest.raises(StartError, match="locked"):
        await second.start()

    await first.stop()
