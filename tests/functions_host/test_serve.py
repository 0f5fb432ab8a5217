"""Running a host until it is told to stop, as the command does."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from localdev.functions_host import StartError, serve

from .conftest import SAMPLE


async def test_it_says_when_it_answers_and_ends_when_told(tmp_path: Path) -> None:
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    db = tmp_path / "new folder" / "engine.db"
    served = asyncio.create_task(
        serve(
            app_dir=SAMPLE,
            port=0,
            db=db,
            function_key=None,
            stop=stop,
            on_ready=ready.set_result,
        )
    )
    url = await ready
    async with aiohttp.ClientSession() as http:
        async with http.get(url + "/admin/host/status") as answer:
            status = await answer.json()

        stop.set()
        await served

        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(url + "/admin/host/status")
    assert status["state"] == "Running"


async def test_values_of_local_settings_reach_the_app(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
    (tmp_path / "local.settings.json").write_text('{"Values": {"HOST_TEST_WORD": "hello"}}')
    (tmp_path / "function_app.py").write_text(
        "import os\n"
        "import azure.functions as func\n"
        "app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)\n"
        "@app.route(route='word')\n"
        "def word(req: func.HttpRequest) -> str:\n"
        "    return os.environ.pop('HOST_TEST_WORD')\n"
    )
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    served = asyncio.create_task(
        serve(
            app_dir=tmp_path,
            port=0,
            db=":memory:",
            function_key=None,
            stop=stop,
            on_ready=ready.set_result,
        )
    )
    async with (
        aiohttp.ClientSession() as http,
        http.get(await ready + "/word") as answer,
    ):
        text = await answer.text()
    stop.set()
    await served

    assert text == "hello"


async def test_settings_that_are_no_texts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"N": 1}}')

    with pytest.raises(StartError, match=r"Values\.N"):
        await serve(
            app_dir=tmp_path,
            port=0,
            db=":memory:",
            function_key=None,
            stop=asyncio.Event(),
            on_ready=lambda url: None,
        )
