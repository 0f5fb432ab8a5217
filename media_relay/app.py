"""The relay put together from settings: its parts, its start, its end."""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from adapters.closing import let_go
from adapters.fallback import EngineState, links_of, troubles
from adapters.settings import Settings
from adapters.stores import customer_store
from adapters.telemetry import telemetry_of
from adapters.tokens import JWKS_URL, TokenVerifier
from core.measured import Figure, Telemetry
from core.session import Heartbeat
from media_relay.call_settings import CallSettings, Engines
from media_relay.calls import AdmissionSettings, Calls
from media_relay.catalog import Catalog
from media_relay.control_client import ControlClient
from media_relay.engines import engines_of
from media_relay.hearing import expect_calls
from media_relay.heartbeat import Heart, HeartbeatSettings
from media_relay.loop_watch import LoopWatch, Stall, log_stall
from media_relay.registry_catalog import RegistryCatalog, reached
from media_relay.reporting import ReportSettings
from media_relay.server import RelayServer
from registries import CatalogError, list_scenarios, load_scenario

log = logging.getLogger(__name__)

_NEEDED = ("acs_resource_id", "call_signing_key", "functions_base_url", "relay_shared_key")
_IDLE_BEAT_S = 10.0  # of a relay that is kept warm; it must be younger than 15 s
DRAIN_S = 20.0  # Container Apps kills after 30 s
TELL_S = 5.0  # for the last reports of a relay that stops


async def serve(
    settings: Settings | Mapping[str, str],
    host: str,
    port: int,
    stop: asyncio.Event,
    on_ready: Callable[[str], None],
    *,
    drain_s: float = DRAIN_S,
    tell_s: float = TELL_S,
) -> None:
    """Run a relay until `stop` is set and its calls are over or handed on.

    `on_ready` is told the URL once models are warm. Raises SettingsError, EngineFailed,
    and CatalogError for mistakes in agents, tools or scenarios.
    """
    read = settings if isinstance(settings, Settings) else Settings.read(settings)
    read.need(*_NEEDED)
    list_scenarios()  # reads all that calls run on: mistakes are told now, not by a caller
    engines = engines_of(read)
    control = ControlClient(read.functions_base_url or "", read.relay_shared_key.get_secret_value())
    zone = ZoneInfo(read.callback_timezone)
    customers = customer_store(read, today=_today())
    catalog = RegistryCatalog(
        customers,
        today=_today,
        now=lambda: datetime.now(zone),
        callbacks=read.outbound_rules,
    )
    telemetry = await asyncio.to_thread(telemetry_of, read, "relay")
    try:
        async with asyncio.TaskGroup() as tasks:
            # A caller may be greeted before: with a cold relay every tenth of a second is silence.
            tasks.create_task(reached(customers.warm, None))
            relay = Relay(read, engines, catalog, control, tasks, telemetry=telemetry)
            await relay.run(host, port, stop, on_ready, drain_s=drain_s, tell_s=tell_s)
    finally:
        parts = (engines.hearing, engines.speaking, engines.chat, engines.judge, control)
        await asyncio.gather(*(let_go(part) for part in parts if part is not None))
        await asyncio.to_thread(customers.close)
        if telemetry is not None:
            await asyncio.to_thread(telemetry.close)


class Relay:
    """One relay process: server, calls and heart."""

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        catalog: Catalog,
        control: ControlClient,
        tasks: asyncio.TaskGroup,
        *,
        telemetry: Telemetry | None,
    ) -> None:
        self._engines = engines
        self._tasks = tasks
        self._catalog = catalog
        self._scenario = settings.agent_scenario
        self._warm = False
        self._url = settings.relay_base_url or ""
        self._watch = LoopWatch(on_stall=lambda stall: _stalled(stall, telemetry))
        self._id = uuid.uuid4().hex
        self._calls = self._room_for_calls(settings, control, telemetry)
        self._heart = Heart(
            control,
            self._id,
            beat=self._beat,
            obey=self._calls.obey,
            settings=HeartbeatSettings(idle_s=_IDLE_BEAT_S if settings.profile == "warm" else None),
        )
        chains = links_of((engines.hearing, engines.chat, engines.speaking))
        for links in chains:
            links.on_change = lambda state: _circuit_changed(state, telemetry)
        verifier = TokenVerifier(
            audience=settings.acs_resource_id, jwks_url=settings.acs_jwks_url or JWKS_URL
        )
        self._server = RelayServer(
            self._calls,
            verify=verifier.verify,
            signing_key=settings.call_signing_key.get_secret_value(),
            ready=lambda: self._warm and not self._calls.full,
            troubles=lambda: troubles(chains),
        )

    def _room_for_calls(
        self, settings: Settings, control: ControlClient, telemetry: Telemetry | None
    ) -> Calls:
        return Calls(
            relay_id=self._id,
            control=control,
            engines=self._engines,
            catalog=self._catalog,
            tasks=self._tasks,
            wall_clock=time.time,
            settings=CallSettings(
                endpointing=settings.endpoints, turn=settings.turns, answering=settings.answering
            ),
            reports=ReportSettings(),
            admission=AdmissionSettings(max_calls=settings.relay_max_calls),
            on_change=lambda: self._heart.changed(),  # noqa: PLW0108 (made after this)
            lag=lambda: self._watch.lag_s,
            telemetry=telemetry,
        )

    async def run(
        self,
        host: str,
        port: int,
        stop: asyncio.Event,
        on_ready: Callable[[str], None],
        *,
        drain_s: float,
        tell_s: float,
    ) -> None:
        """Listen, warm up, serve until told to stop, drain."""
        bound = await self._server.start(host, port)
        self._url = self._url or f"http://{host}:{bound}"
        self._watch.start()
        try:
            await self._warm_up()
            beating = self._tasks.create_task(self._heart.run())
            on_ready(f"http://{host}:{bound}")
            await stop.wait()
            log.info("relay drains", extra={"calls": len(self._calls.live())})
            self._server.draining = True
            self._heart.changed()
            await self._calls.drain(drain_s, tell_s=tell_s)
            beating.cancel()
            await self._heart.tell(self._beat())
        finally:
            self._watch.stop()
            await self._server.stop()

    async def _warm_up(self) -> None:
        """Load all that the first call would wait for; others may wait longer for it."""
        engines = self._engines
        await asyncio.gather(
            engines.hearing.warm(),
            *([engines.judge.warm()] if engines.judge else []),
            engines.speaking.warm(),
            engines.chat.warm(),
            asyncio.to_thread(importlib.import_module, "jwt"),
            self._warm_catalog(),
        )
        self._warm = True

    async def _warm_catalog(self) -> None:
        # A call brings its own scenario; this one is the likeliest.
        try:
            scenario = await asyncio.to_thread(load_scenario, self._scenario)
        except CatalogError as error:
            log.warning("the scenario cannot be loaded", extra={"reason": str(error)})
        else:
            await expect_calls(self._engines.hearing, scenario)
            await self._catalog.warm(scenario)

    def _beat(self) -> Heartbeat:
        return Heartbeat(
            url=self._url,
            calls=self._calls.live(),
            load=self._calls.load,
            draining=self._server.draining,
        )


def _stalled(stall: Stall, telemetry: Telemetry | None) -> None:
    log_stall(stall)
    if telemetry is not None:
        blame = str(stall.stack[-1]) if stall.stack else "not let run"
        attributes = {"code.function.name": blame}
        telemetry.figure(
            Figure(name="event_loop.stall", value=stall.ms, unit="ms", attributes=attributes)
        )


def _circuit_changed(state: EngineState, telemetry: Telemetry | None) -> None:
    if telemetry is not None:
        attributes = {"engine": state.kind, "engine.name": state.name, "to": str(state.standing)}
        telemetry.figure(
            Figure(name="engine.circuit.changes", value=1, unit="", attributes=attributes)
        )


def _today() -> date:
    return datetime.now(UTC).date()
