"""The control plane as it really runs: functions host, simulator and a relay made of paper."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from adapters.plane import Plane, build, use
from adapters.relay_door import HttpDoor
from adapters.settings import Settings
from api.health import FRESH_S
from api.relays import MONITOR
from core import facts as f
from core import session as s
from localdev.acs_simulator import Simulator, SimulatorSettings
from localdev.functions_host import Host

APP = Path(__file__).parents[2]
CALLER, CALLED, DESK = "+15550100", "+15550199", "+15550142"
SIGNING_KEY = "signing-key-of-the-tests-0123456789"
RELAY_KEY = "relay-key-of-the-tests-0123456789"
ACCESS_KEY = "c2ltdWxhdG9yLWFjY2Vzcy1rZXk="
RESOURCE = "11111111-2222-4333-8444-555555555555"
PATIENCE_S = 60.0  # a busy machine is slow; who is quick waits no longer for that
# A relay of paper sends no heartbeats of its own, and may be held up by everything else in here.
PATIENT = {
    "CALL_ATTACH_SECONDS": "60",
    "CALL_SPEECHLESS_SECONDS": "60",
    "CALL_UNATTENDED_SECONDS": "60",
}


@dataclass
class PaperRelay:
    """Takes audio sockets and says what a test tells it to; it hears and speaks nothing."""

    functions_url: str = ""
    url: str = ""
    relay_id: str = "relay-1"
    sessions: list[s.Session] = field(default_factory=list)
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    opened: asyncio.Condition = field(default_factory=asyncio.Condition)
    closed: asyncio.Condition = field(default_factory=asyncio.Condition)
    reports_loss: bool = True
    seq: dict[tuple[str, int], int] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        call_id = request.match_info["call_id"]
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        leg = request.headers["x-ms-call-connection-id"]
        status, body = await self.post(
            f"calls/{call_id}/sessions",
            s.OPEN_SESSION.dump_json(s.OpenSession(relay_id=self.relay_id, connection_id=leg)),
        )
        if status != 200:
            await ws.close()
            return ws
        session = s.SESSION.validate_json(body)
        self.sockets[call_id] = ws
        async with self.opened:
            self.sessions.append(session)
            self.opened.notify_all()
        async for _ in ws:
            pass
        if self.reports_loss:
            await self.report(session, f.MediaDetached(epoch=session.epoch, reason="closed"))
        return ws

    async def ready(self, request: web.Request) -> web.Response:
        return web.Response(text="ready")

    async def session(self, n: int = 1) -> s.Session:
        """Wait for the nth session."""
        async with self.opened, asyncio.timeout(PATIENCE_S):
            await self.opened.wait_for(lambda: len(self.sessions) >= n)
        return self.sessions[n - 1]

    async def report(self, session: s.Session, *facts: f.Fact) -> s.Acknowledged:
        seq = self.seq.get((session.call_id, session.epoch), 0)
        events = tuple(
            s.Reported(seq=seq + n, at=0.0, fact=fact) for n, fact in enumerate(facts, start=1)
        )
        self.seq[session.call_id, session.epoch] = seq + len(facts)
        report = s.Report(epoch=session.epoch, events=events)
        status, body = await self.post(
            f"calls/{session.call_id}/events",
            s.REPORT.dump_json(report),
            {"x-session-token": session.token},
        )
        assert status == 200, body
        return s.ACKNOWLEDGED.validate_json(body)

    async def beat(self, *calls: s.LiveCall, acknowledged: tuple[str, ...] = ()) -> s.Directives:
        beat = s.Heartbeat(url=self.url, calls=calls, acknowledged=acknowledged)
        (self.watched.add if calls else self.watched.discard)(self.relay_id)
        status, body = await self.post(
            f"relays/{self.relay_id}/heartbeat", s.HEARTBEAT.dump_json(beat)
        )
        assert status == 200, body
        return s.DIRECTIVES.validate_json(body)

    async def goodbye(self) -> None:
        """Say that no calls are left, as every relay does: until then somebody watches it."""
        for relay_id in tuple(self.watched):
            self.relay_id = relay_id
            await self.beat()

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                f"{self.functions_url}/api/v1/{path}",
                data=body,
                headers={"authorization": f"Bearer {RELAY_KEY}", **(headers or {})},
            ) as answer,
        ):
            return answer.status, await answer.read()


@asynccontextmanager
async def relay_server(relay: PaperRelay) -> AsyncIterator[PaperRelay]:
    """Serve a relay on loopback."""
    app = web.Application()
    app.router.add_get("/api/v1/media/stream/{call_id}/{secret}", relay.socket)
    app.router.add_get("/readyz", relay.ready)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    relay.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield relay
    finally:
        await runner.cleanup()


@dataclass
class Stack:
    """Host, simulator and relay, wired; `plane` is the host's own."""

    host: Host
    simulator: Simulator
    relay: PaperRelay
    plane: Plane

    async def get(self, path: str, **kwargs: Any) -> tuple[int, Any]:
        return await self._ask("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> tuple[int, Any]:
        return await self._ask("POST", path, **kwargs)

    async def _ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, f"{self.host.url}/{path}", **kwargs) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def probed(self, unhealthy: list[str], path: str = "readiness") -> tuple[int, Any]:
        """Ask, as a platform does, until these parts and no others are unhealthy.

        Each part has a second, which may be too little the first time, when much is loaded.
        """
        async with asyncio.timeout(PATIENCE_S):
            while True:
                status, told = await self.get(path)
                checks = told["checks"]
                if [e["component"] for e in checks if e["status"] != "healthy"] == unhealthy:
                    return status, told
                await asyncio.sleep(FRESH_S)

    async def settled(self) -> None:
        """Wait until nothing is left to do, but to watch relays that have calls."""
        await self.host.engine.settled(besides=[MONITOR])

    async def over(self, call_id: str) -> None:
        """Wait until the call's orchestration has ended."""
        await self.host.engine.wait(call_id)


def environment(**more: str) -> dict[str, str]:
    """Settings that every test shares."""
    return {
        "ACS_ACCESS_KEY": ACCESS_KEY,
        "ACS_RESOURCE_ID": RESOURCE,
        "ACS_SOURCE_PHONE_NUMBER": CALLED,
        "CALL_SIGNING_KEY": SIGNING_KEY,
        "RELAY_SHARED_KEY": RELAY_KEY,
        "TRANSFER_TARGETS": f"call_center={DESK}",
        "AGENT_SCENARIO": "banking",
        **more,
    }


class PatientDoor(HttpDoor):
    """Finds a relay that is there, however long it takes to answer."""

    async def ready(self, within_s: float) -> bool:
        return await super().ready(PATIENCE_S)


Wrap = Callable[[Plane], Plane]


@asynccontextmanager
async def stack(
    tmp_path: Path,
    *,
    function_key: str | None = None,
    wrap: Wrap = lambda plane: plane,
    simulator: Mapping[str, Any] | None = None,
    **more: str,
) -> AsyncIterator[Stack]:
    """Start all three on loopback; stop them in the other order."""
    os.environ.setdefault("TASK_HUB_NAME", "tests")  # host.json names it
    host = Host(app_dir=APP, db=tmp_path / "hub.db", function_key=function_key)
    await host.start()
    telephone = Simulator(
        SimulatorSettings(
            access_key=ACCESS_KEY,
            control_token="control",
            resource_id=RESOURCE,
            functions_base_url=host.url,
            function_key=function_key or "",
            connect_delay_s=0.01,
            transfer_delay_s=0.05,
            callee_delay_s=0.05,
            **(simulator or {}),
        )
    )
    await telephone.start()
    async with relay_server(PaperRelay(functions_url=host.url)) as relay:
        settings = Settings.read(
            environment(
                ACS_ENDPOINT=telephone.url,
                ACS_JWKS_URL=f"{telephone.url}/calling/keys",
                FUNCTIONS_BASE_URL=host.url,
                RELAY_BASE_URL=relay.url,
                STORE_PATH=str(tmp_path / "store"),
                BLOB_PATH=str(tmp_path / "blobs"),
                **{**PATIENT, **more},
            )
        )
        plane = wrap(replace(build(settings), door=PatientDoor(relay.url)))
        use(plane)
        try:
            yield Stack(host=host, simulator=telephone, relay=relay, plane=plane)
        finally:
            await _end_calls(telephone)
            await telephone.stop()
            await relay.goodbye()
            with suppress(TimeoutError):  # a test may leave something that never comes to rest
                async with asyncio.timeout(5):
                    await host.engine.settled(besides=[MONITOR])
            await host.stop()
            use(None)
            await plane.aclose()


async def _end_calls(telephone: Simulator) -> None:
    """Let every request that is under way come to its end before the host goes."""
    async with asyncio.timeout(PATIENCE_S):
        for call in list(telephone.calls.values()):
            if not call.over:
                call.hang_up()
            await call.finished()
