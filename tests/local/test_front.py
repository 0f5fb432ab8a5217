"""One address before several relays: spread, passed over, waited for, woken and put to rest."""

import asyncio
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web

from localdev.stack.front import Front, OnDemand


class PaperRelay:
    """Says whether it is ready, and echoes what comes over its sockets."""

    def __init__(self) -> None:
        self.ready = True
        self.asked = asyncio.Event()
        self.hangs = False
        self.sockets: list[web.WebSocketResponse] = []
        self.port = 0
        self.runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/socket", self.socket)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", port).start()
        self.port = self.runner.addresses[0][1]

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def readyz(self, _: web.Request) -> web.Response:
        self.asked.set()
        if self.hangs:
            await asyncio.sleep(30)
        return web.Response(status=200 if self.ready else 503)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            await socket.send_str(message.data)
        return socket


@asynccontextmanager
async def relays(count):
    made = [PaperRelay() for _ in range(count)]
    for relay in made:
        await relay.start()
    try:
        yield made
    finally:
        for relay in made:
            await relay.stop()


@asynccontextmanager
async def before(*made, **options):
    front = Front([relay.port for relay in made], ready_s=60, **options)
    async with front.listening(0) as port, aiohttp.ClientSession() as http:
        yield http, f"http://127.0.0.1:{port}"


async def test_connections_are_spread_over_the_relays():
    async with relays(2) as made, before(*made) as (http, url):
        sockets = await asyncio.gather(*(http.ws_connect(f"{url}/socket") for _ in range(6)))
        for socket in sockets:
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"
        counts = [len(relay.sockets) for relay in made]
        for socket in sockets:
            await socket.close()

    assert counts == [3, 3]


async def test_a_relay_that_was_asked_in_vain_is_not_taken_for_busy():
    async with relays(2) as made, before(*made, patience_s=0.2) as (http, url):
        made[0].hangs = True
        with suppress(aiohttp.WSServerHandshakeError):
            await http.ws_connect(f"{url}/socket")
        made[0].hangs = False
        socket = await http.ws_connect(f"{url}/socket")
        await socket.send_str("hello")
        await socket.receive_str()
        await socket.close()

    assert [len(relay.sockets) for relay in made] == [1, 0]


async def test_a_relay_that_drains_or_is_dead_gets_no_new_connection():
    async with relays(3) as made, before(*made) as (http, url):
        made[0].ready = False
        await made[1].stop()
        sockets = [await http.ws_connect(f"{url}/socket") for _ in range(3)]
        counts = [len(relay.sockets) for relay in made]
        for socket in sockets:
            await socket.close()

    assert counts == [0, 0, 3]


async def test_a_socket_ends_with_its_relay():
    async with relays(1) as made, before(*made) as (http, url):
        socket = await http.ws_connect(f"{url}/socket")
        await socket.send_str("hello")
        await socket.receive_str()
        made[0].sockets[0]._req.transport.abort()

        ended = await socket.receive()

    assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_without_a_ready_relay_a_visitor_waits_and_is_told_at_last():
    async with relays(1) as made, before(*made, patience_s=0.3) as (http, url):
        made[0].ready = False
        async with http.get(f"{url}/readyz") as answer:
            refused = answer.status
    async with relays(1) as made, before(*made) as (http, url):
        made[0].ready = False
        waiting = asyncio.create_task(http.get(f"{url}/readyz"))
        await made[0].asked.wait()
        made[0].ready = True
        async with await waiting as answer:
            served = answer.status

    assert (refused, served) == (503, 200)


async def test_a_relay_is_woken_by_a_visitor_once_and_put_to_rest_after_the_last():
    async with relays(1) as (relay,):
        log = []
        rested = asyncio.Event()
        await relay.stop()

        async def start():
            log.append("start")
            await relay.start(relay.port)

        async def stop():
            log.append("stop")
            await relay.stop()
            rested.set()

        on_demand = OnDemand(start=start, stop=stop, idle_s=0.2)
        async with before(relay, on_demand=on_demand) as (http, url):
            visits = [http.get(f"{url}/readyz", headers={"connection": "close"}) for _ in range(3)]
            for answer in await asyncio.gather(*visits):
                answer.release()
            first = list(log)
            await asyncio.wait_for(rested.wait(), 60)
            async with http.get(f"{url}/readyz", headers={"connection": "close"}) as answer:
                again = answer.status

    assert first == ["start"]
    assert log[:3] == ["start", "stop", "start"]
    assert again == 200
