"""Notices go to the address that a setting names, and trouble there is none of ours."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.bell import HttpBell
from adapters.plane import build
from adapters.settings import Settings
from tests.control.stack import environment

NOTICE = {"id": "c1:approval:r1:asked", "event": "approval.asked", "due_at": 1600.0}


@pytest.fixture
async def listener():
    """A tool of somebody's that takes notices, and answers with the status its path asks for."""
    taken = []

    async def take(request):
        taken.append((request.path_qs, await request.json()))
        return web.Response(status=int(request.match_info["status"]), headers={"Location": "/200"})

    app = web.Application()
    app.router.add_post("/{status}", take)
    async with TestServer(app, host="127.0.0.1") as server:
        server.taken = taken
        yield server


async def test_a_notice_is_posted_as_it_is_to_the_whole_address(listener):
    told = await HttpBell(f"http://127.0.0.1:{listener.port}/202?sig=secret").ring(NOTICE)

    assert (told, listener.taken) == (True, [("/202?sig=secret", NOTICE)])


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_notice_that_is_not_taken_is_told_so_and_follows_nobody_elsewhere(listener, status):
    told = await HttpBell(f"http://127.0.0.1:{listener.port}/{status}").ring(NOTICE)

    assert (told, len(listener.taken)) == (False, 1)


async def test_an_address_where_nobody_listens_takes_nothing(listener):
    url = f"http://127.0.0.1:{listener.port}/200"
    await listener.close()

    assert await HttpBell(url).ring(NOTICE) is False


@pytest.mark.parametrize(
    ("webhook", "told"), [("https://chat.example/hook?key=k", True), ("", False)]
)
async def test_the_setting_decides_whether_anybody_is_told(tmp_path, webhook, told):
    plane = build(
        Settings.read(
            environment(
                ACS_ENDPOINT="http://127.0.0.1:1",
                FUNCTIONS_BASE_URL="http://127.0.0.1:2",
                RELAY_BASE_URL="http://127.0.0.1:3",
                STORE_PATH=str(tmp_path),
                BLOB_PATH=str(tmp_path),
                APPROVAL_WEBHOOK=webhook,
            )
        )
    )
    assert (plane.bell is not None) is told
    await plane.aclose()
