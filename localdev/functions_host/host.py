"""The local development host: one Functions app, served on loopback as `func start` would."""

import asyncio
import os
import secrets
import socket
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from .access import Keys, log_access, named, refuse_foreigners
from .admin import Admin
from .app import App
from .durable.clock import Clock, system_clock
from .durable.engine import Engine
from .durable.links import Links
from .durable.management import Management
from .errors import StartError
from .eventgrid import EventGrid
from .http_triggers import HttpTriggers
from .settings import load_host_settings, load_local_settings
from .worker import Worker

_PATIENCE_SECONDS = 5.0
_MAX_BODY_BYTES = 100 * 1024 * 1024  # the real host's default
_WEBHOOKS = "/runtime/webhooks"
_DURABLE = f"{_WEBHOOKS}/durabletask"


class Host:
    """Runs the app in `app_dir`; `engine`, `port` and `url` exist once it has started.

    The worker library keeps its registry in module globals: run one host per process at a time. A
    host that was stopped leaves the process free for another one, also of another folder.

    `db` is the Durable engine's file (or ":memory:"). With a `function_key`, functions whose level
    is not anonymous and the host's own endpoints ask for it; None asks nothing, like `func start`.
    """

    engine: Engine
    port: int

    def __init__(
        self,
        *,
        app_dir: Path,
        port: int = 0,
        db: Path | str = ":memory:",
        clock: Clock = system_clock,
        function_key: str | None = None,
        max_body_bytes: int = _MAX_BODY_BYTES,
    ) -> None:
        self.port = port
        self._app_dir = app_dir
        self._db = db
        self._clock = clock
        self._keys = Keys(function_key)
        self._max_body_bytes = max_body_bytes
        self._exits = AsyncExitStack()

    @property
    def url(self) -> str:
        """Base of every URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Load the app and listen. Raises `StartError` with what the developer must change."""
        async with AsyncExitStack() as opened:  # failed or cancelled: nothing is left open
            await self._start(opened)
            self._exits = opened.pop_all()

    async def stop(self) -> None:
        """Let running turns and functions end (5 s at most), then leave nothing behind."""
        await self._exits.aclose()

    async def _start(self, opened: AsyncExitStack) -> None:
        load_local_settings(self._app_dir, os.environ)
        settings = load_host_settings(self._app_dir, os.environ)
        worker = Worker(self._app_dir)
        await worker.start()
        opened.push_async_callback(worker.stop)
        app = App(worker)
        try:
            if self._db != ":memory:":
                Path(self._db).parent.mkdir(parents=True, exist_ok=True)
            self.engine = Engine(self._db, app, clock=self._clock, limits=settings.limits)
        except (sqlite3.Error, ValueError, OSError) as error:
            raise StartError(f"the Durable engine cannot use {self._db}: {error}") from error
        opened.callback(self.engine.close)

        server = web.Application(
            client_max_size=self._max_body_bytes, middlewares=[log_access, refuse_foreigners]
        )
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=1.0)
        # The port is part of the URLs that handlers give out, so it is bound before they are made.
        listener = _listen(self.port)
        opened.callback(listener.close)
        self.port = listener.getsockname()[1]
        # Whoever knows this path may do everything: it is new with every start, for the SDK alone.
        rpc = f"/{secrets.token_urlsafe(24)}/durabletask"
        links = Links(
            base=self.url + _DURABLE,
            rpc_base=f"{self.url}{rpc}/",
            task_hub=settings.task_hub,
            key_query=self._keys.query,
        )
        app.client = links.client_binding()
        admin = Admin(app, self.url)
        management = Management(self.engine, links)
        server.add_routes(self._endpoints(app, admin))
        server.add_routes(
            management.routes(_DURABLE, lambda t, h: self._keys.door(_DURABLE + t, h))
        )
        server.add_routes(management.routes(rpc, lambda t, h: named("rpc" + t, h)))
        functions = HttpTriggers(app, self._keys, settings.route_prefix)
        server.router.add_route("*", "/{path:(?s:.*)}", functions.handle)
        await runner.setup()
        opened.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listener).start()
        self.engine.open()
        opened.push_async_callback(self._drain, app, admin)

    async def _drain(self, app: App, admin: Admin) -> None:
        """Let what runs end while the server still answers: functions use it for their clients."""
        await asyncio.gather(
            self.engine.drain(_PATIENCE_SECONDS),
            admin.close(_PATIENCE_SECONDS),
            app.idle(_PATIENCE_SECONDS),
        )

    def _endpoints(self, app: App, admin: Admin) -> list[web.RouteDef]:
        door = self._keys.door
        events, status = f"{_WEBHOOKS}/EventGrid", "/admin/host/status"
        functions, one = "/admin/functions", "/admin/functions/{name}"
        event_grid = door(events, EventGrid(app).handle)
        return [
            web.route("*", _WEBHOOKS + "/{extension:(?i:eventgrid)}", event_grid),
            web.get(status, door(status, admin.status)),
            web.get(functions, door(functions, admin.list_functions)),
            web.get(one, door(one, admin.show)),
            web.post(one, door(one, admin.run)),
        ]


async def serve(
    *,
    app_dir: Path,
    port: int,
    db: Path | str,
    function_key: str | None,
    stop: asyncio.Event,
    on_ready: Callable[[str], None],
) -> None:
    """Run a host until `stop` is set; `on_ready` gets its URL once it answers."""
    host = Host(app_dir=app_dir, port=port, db=db, function_key=function_key)
    await host.start()
    try:
        on_ready(host.url)
        await stop.wait()
    finally:
        await host.stop()


def _listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; port 0 takes any free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise StartError(f"port {port} is taken: {error.strerror}") from error
    return listener
