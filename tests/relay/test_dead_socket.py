"""A socket that is open but dead is given up, so that the carrier is asked for another."""

import asyncio
from typing import cast

import pytest
from picows import WSTransport

from media_relay.media_socket import MediaSocket
from tests.relay.lines import Line
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


class DeadTransport:
    def __init__(self) -> None:
        self.disconnected = False

    def send_close(self, code: object, reason: bytes) -> None:
        pass

    def disconnect(self, *, graceful: bool = True) -> None:
        self.disconnected = True


class WaitingEar:
    def __init__(self) -> None:
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_audio(self, pcm: bytes, timestamp: str) -> None:
        pass

    def on_key(self, key: str) -> None:
        pass

    def on_closed(self, reason: str) -> None:
        self.closed.set_result(reason)


async def test_a_socket_on_which_nothing_comes_any_more_is_closed_within_seconds():
    socket, transport, ear = MediaSocket("call"), DeadTransport(), WaitingEar()
    socket.on_ws_connected(cast("WSTransport", transport))
    socket.attach(ear)
    before = asyncio.get_running_loop().time()

    reason = await ear.closed

    assert reason == "fell silent"
    assert transport.disconnected
    assert asyncio.get_running_loop().time() - before <= 4


async def test_a_socket_that_takes_nothing_any_more_is_closed_though_the_caller_is_heard():
    socket, ear = MediaSocket("call"), WaitingEar()
    line = Line(socket)
    socket.on_ws_connected(cast("WSTransport", line))
    socket.attach(ear)
    caller = asyncio.create_task(line.talk(60))
    socket.pause_writing()
    await asyncio.sleep(4)
    socket.resume_writing()
    await asyncio.sleep(10)
    assert not ear.closed.done()
    socket.pause_writing()
    before = asyncio.get_running_loop().time()

    reason = await ear.closed

    caller.cancel()
    assert reason == "takes no sound"
    assert line.gone
    assert asyncio.get_running_loop().time() - before <= 6
