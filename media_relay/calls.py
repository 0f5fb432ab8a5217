"""The live calls of this relay: who is let in, what runs for each, and how they end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from core.errors import EngineFailed, leaves_of, unquoted
from core.measured import Telemetry
from core.session import Directive, LiveCall, OpenSession, Session
from media_relay.call_settings import CallSettings, Engines
from media_relay.catalog import Catalog
from media_relay.control_plane import ControlPlane, ControlRefused, ControlUnavailable
from media_relay.hearing import expect_calls
from media_relay.measuring import CallMeter, call_attributes
from media_relay.media_socket import MediaSocket
from media_relay.reporting import Reporter, ReportSettings
from media_relay.session import DRAINING, CallSession

log = logging.getLogger(__name__)

_QUIET_SHARE = 0.25  # of the time to drain, in which a call is handed on when nobody speaks
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionSettings:
    """`max_lag_s`: of the event loop on average; beyond it, another call would spoil all others.

    `decide_s`: how long an upgrade waits for the control plane's word before it is let in
    anyway; `open_s`: how long a socket waits for a session; `connect_s`: for its own upgrade.
    """

    max_calls: int = 200
    max_lag_s: float = 0.05
    decide_s: float = 0.5
    open_s: float = 10.0
    retry_s: float = 0.25
    connect_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A socket that is not let in, and the HTTP status that says so."""

    status: int
    reason: str


@dataclass(slots=True)
class _Live:
    socket: MediaSocket
    opened: asyncio.Future[Session]
    session: CallSession | None = None


class Calls:
    """Holds calls. Everything it starts belongs to `tasks`."""

    def __init__(
        self,
        *,
        relay_id: str,
        control: ControlPlane,
        engines: Engines,
        catalog: Catalog,
        tasks: asyncio.TaskGroup,
        wall_clock: Callable[[], float],
        settings: CallSettings,
        reports: ReportSettings,
        admission: AdmissionSettings,
        on_change: Callable[[], None],
        lag: Callable[[], float] = lambda: 0.0,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._relay_id = relay_id
        self._control = control
        self._engines = engines
        self._catalog = catalog
        self._tasks = tasks
        self._wall_clock = wall_clock
        self._settings = settings
        self._reports = reports
        self._admission = admission
        self._on_change = on_change
        self._lag = lag
        self._telemetry = telemetry
        self._live: dict[str, _Live] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    async def admit(self, call_id: str, connection_id: str) -> MediaSocket | Turned:
        """Let a socket in, or say why not. One live socket a call; a dead one is replaced."""
        before = self._live.get(call_id)
        if before is not None and before.socket.alive:
            return Turned(status=409, reason="this call has a live socket")
        if before is None and self.full:
            return Turned(status=503, reason="this relay is full")
        if before is not None:
            self._replace(before)
        live = _Live(MediaSocket(call_id), asyncio.get_running_loop().create_future())
        self._live[call_id] = live
        self._empty.clear()
        self._begin(
            call_id,
            lambda: self._hold(call_id, connection_id, live),
            broken=lambda: live.socket.close("fault"),
        )
        await asyncio.wait([live.opened], timeout=self._admission.decide_s)
        if not live.opened.done() or live.opened.exception() is None:
            return live.socket
        error = live.opened.exception()
        status = error.status if isinstance(error, ControlRefused) else 503
        return Turned(status=status if status in (404, 409) else 503, reason="no session")

    def obey(self, directive: Directive) -> None:
        """Do what the control plane wants of a call; one that is not here is over already."""
        live = self._live.get(directive.call_id)
        if live is not None and live.session is not None:
            # Not within the heartbeat, which is that of all calls: whatever this one makes of it.
            asyncio.get_running_loop().call_soon(live.session.obey, directive)

    def live(self) -> tuple[LiveCall, ...]:
        """Return the calls that have a session."""
        return tuple(
            LiveCall(call_id=call_id, epoch=live.session.session.epoch)
            for call_id, live in self._live.items()
            if live.session is not None
        )

    @property
    def full(self) -> bool:
        """Whether another call would find no room here."""
        return bool(self._live) and self.load >= 1

    @property
    def load(self) -> float:
        """How full this relay is, 0 to 1: of calls, or of work."""
        calls = len(self._live) / self._admission.max_calls
        return min(max(calls, self._lag() / self._admission.max_lag_s), 1.0)

    async def drain(self, within_s: float, *, tell_s: float) -> None:
        """Let calls come to their end for a while, then let go of the rest.

        In the last quarter of that while a call goes as soon as nobody speaks, in the end in any
        case. What was not told within `tell_s` after that is lost: the process must end.
        """
        loop = asyncio.get_running_loop()
        last = loop.time() + within_s
        await self._emptied(within_s * (1 - _QUIET_SHARE))
        while self._live and loop.time() < last:
            for live in tuple(self._live.values()):
                if live.session is not None and live.session.quiet:
                    live.session.end(DRAINING)
            await self._emptied(min(_LOOK_S, last - loop.time()))
        for live in tuple(self._live.values()):
            if live.session is not None:
                live.session.end(DRAINING)
            else:
                live.socket.close(DRAINING)
        await self._empty.wait()
        if self._telling:
            await asyncio.wait(self._telling, timeout=tell_s)
        for telling in tuple(self._telling):
            telling.cancel()

    async def _emptied(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._empty.wait()

    # --- one call --------------------------------------------------------------------------------

    def _begin(
        self, call_id: str, work: Callable[[], Awaitable[None]], *, broken: Callable[[], None]
    ) -> asyncio.Task[None]:
        """Begin something of a call, at its edge: what breaks must not take other calls along."""

        async def at_the_edge() -> None:
            try:
                await work()
            except Exception as error:  # of an engine or our own: it is this call's alone
                for each in leaves_of(error):
                    log.exception(
                        "broke in a call", extra={"call": call_id}, exc_info=unquoted(each)
                    )
                broken()

        return self._tasks.create_task(at_the_edge())

    async def _hold(self, call_id: str, connection_id: str, live: _Live) -> None:
        voice = self._begin(call_id, self._connect_voice, broken=lambda: None)
        try:
            session = await self._open(call_id, connection_id, live)
            if session is not None:
                await self._talk(session, live)
        finally:
            voice.cancel()
            if self._live.get(call_id) is live:
                del self._live[call_id]
            if not self._live:
                self._empty.set()
            self._on_change()

    async def _connect_voice(self) -> None:
        """Open the synthesizer's connection, which may have been closed since the last call."""
        with suppress(EngineFailed):  # it is said when there is something to speak
            await self._engines.speaking.warm()

    async def _open(self, call_id: str, connection_id: str, live: _Live) -> Session | None:
        request = OpenSession(relay_id=self._relay_id, connection_id=connection_id)
        try:
            async with asyncio.timeout(self._admission.open_s):
                while True:
                    try:
                        session = await self._control.open_session(call_id, request)
                    except ControlUnavailable:
                        await asyncio.sleep(self._admission.retry_s)
                    else:
                        live.opened.set_result(session)
                        return session
        except (ControlRefused, TimeoutError) as error:
            log.warning("no session", extra={"call": call_id, "reason": type(error).__name__})
            live.opened.set_exception(error)
            live.opened.exception()  # seen: nobody may be waiting for it any more
            live.socket.close("no session")
            return None

    async def _talk(self, session: Session, live: _Live) -> None:
        facts = {"call": session.call_id, "epoch": session.epoch}
        reporter = Reporter(
            self._control,
            call_id=session.call_id,
            epoch=session.epoch,
            token=session.token,
            wall_clock=self._wall_clock,
            settings=self._reports,
            on_superseded=lambda: call.end("superseded"),
        )
        await expect_calls(self._engines.hearing, session.scenario)
        meter = self._meter(session)
        call = CallSession(
            session,
            wire=live.socket,
            engines=self._engines,
            catalog=self._catalog,
            reporter=reporter,
            settings=self._settings,
            meter=meter,
        )
        live.session = call
        self._on_change()
        telling = self._begin(session.call_id, reporter.run, broken=lambda: call.end("fault"))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        reason = "fault"
        try:
            live.socket.attach(call)
            log.info("call joined", extra=facts)
            within_s = self._admission.connect_s
            reason = await call.run(lambda: live.socket.connected(within_s))
            log.info("call left", extra={**facts, "reason": reason})
        finally:
            reporter.close()
            if meter is not None:
                meter.end(reason)

    def _meter(self, session: Session) -> CallMeter | None:
        if self._telemetry is None:
            return None
        trace = self._telemetry.call(session.call_id, call_attributes(session))
        return CallMeter(trace, wall_clock=self._wall_clock)

    def _replace(self, before: _Live) -> None:
        if before.session is not None:
            before.session.end("replaced")
        before.socket.close("replaced")
