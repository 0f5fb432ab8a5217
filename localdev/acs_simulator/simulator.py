"""The simulator as one thing: started, called, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

import aiohttp
from aiohttp import web

from localdev.acs_simulator.call import Call
from localdev.acs_simulator.callee import Behaviour
from localdev.acs_simulator.control import ControlInterface
from localdev.acs_simulator.eventgrid import GridPublisher
from localdev.acs_simulator.exchange import Exchange
from localdev.acs_simulator.faults import parse_faults
from localdev.acs_simulator.gate import Gate, service_errors
from localdev.acs_simulator.parties import Parties, Services
from localdev.acs_simulator.recording_rest import RecordingInterface
from localdev.acs_simulator.rest import RestInterface
from localdev.acs_simulator.settings import MAX_BODY_BYTES, SimulatorSettings
from localdev.acs_simulator.tokens import TokenIssuer

HOST = "127.0.0.1"


class Simulator:
    """Azure Communication Services on loopback. Also usable in process: see `ring`."""

    def __init__(self, settings: SimulatorSettings, tokens: TokenIssuer | None = None) -> None:
        self.settings = settings
        self.tokens = tokens or TokenIssuer(settings.resource_id)
        self.numbers: dict[str, Behaviour] = {}
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self._exchange: Exchange | None = None

    @property
    def calls(self) -> Mapping[str, Call]:
        """All calls that are live or were not forgotten yet, by id."""
        return self._exchange.calls if self._exchange else {}

    async def start(self) -> None:
        """Listen; `url` is the endpoint for the SDK. Raises `OSError` if the port is taken."""
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            connector=aiohttp.TCPConnector(limit=0),
        )
        grid = GridPublisher(self.settings, self._http)
        services = Services(
            settings=self.settings,
            http=self._http,
            tokens=self.tokens,
            numbers=self.numbers,
            grid=grid,
        )
        self._exchange = Exchange(services, grid)
        self._runner = web.AppRunner(
            self._application(self._exchange), access_log=None, shutdown_timeout=1
        )
        try:
            await self._runner.setup()
            site = web.TCPSite(self._runner, HOST, self.settings.port)
            await site.start()
        except OSError:
            await self.stop()
            raise
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """End every call and stop listening."""
        if self._exchange is not None:
            await self._exchange.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ring(
        self,
        *,
        from_: str,
        to: str,
        display_name: str = "",
        custom_context: Mapping[str, Any] | None = None,
        faults: Iterable[str] = (),
    ) -> Call:
        """Place a call to the app. Raises `UnknownFault`, `TooManyCalls`."""
        if self._exchange is None:
            raise RuntimeError("the simulator has not been started")
        parties = Parties(
            from_=from_, to=to, display_name=display_name, custom_context=custom_context
        )
        return await self._exchange.ring(parties, parse_faults(faults))

    def _application(self, exchange: Exchange) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[service_errors])
        gate = Gate(self.settings.access_key)
        app.add_routes(RestInterface(self.settings, exchange, gate).routes())
        app.add_routes(RecordingInterface(self.settings, exchange, gate).routes())
        app.add_routes(
            ControlInterface(self.settings.control_token, exchange, self.numbers).routes()
        )
        app.add_routes(
            [
                web.get("/calling/keys", self._keys),
                web.get("/calling/.well-known/acsopenidconfiguration", self._openid),
            ]
        )
        return app

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(self.tokens.jwks())

    async def _openid(self, _: web.Request) -> web.Response:
        return web.json_response(self.tokens.openid(self.url))


async def serve(
    settings: SimulatorSettings, stop: asyncio.Event, on_ready: Callable[[Simulator], None]
) -> None:
    """Run a simulator until `stop` is set; `on_ready` is told once it listens."""
    async with Simulator(settings) as simulator:
        on_ready(simulator)
        await stop.wait()
