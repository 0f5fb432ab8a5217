"""The control plane over HTTP; see `core.session` for routes and bodies."""

from __future__ import annotations

from typing import Any

import aiohttp
from pydantic import TypeAdapter, ValidationError

from core.session import (
    ACKNOWLEDGED,
    DIRECTIVES,
    HEARTBEAT,
    OPEN_SESSION,
    REPORT,
    SESSION,
    Acknowledged,
    Directives,
    Heartbeat,
    OpenSession,
    Report,
    Session,
)
from media_relay.control_plane import ControlRefused, ControlUnavailable

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
_BEAT_TIMEOUT = aiohttp.ClientTimeout(total=2, connect=1)  # a late one says less than the next
_AGAIN = frozenset({408, 425, 429})


class ControlClient:
    """Talks to one Functions app; one connection pool for all calls."""

    def __init__(self, base_url: str, shared_key: str) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {shared_key}"}
        self._http: aiohttp.ClientSession | None = None

    async def open_session(self, call_id: str, request: OpenSession) -> Session:
        body = OPEN_SESSION.dump_json(request)
        return await self._post(f"/api/v1/calls/{call_id}/sessions", body, SESSION)

    async def report(self, call_id: str, token: str, report: Report) -> Acknowledged:
        body = REPORT.dump_json(report)
        headers = {"x-session-token": token}
        return await self._post(f"/api/v1/calls/{call_id}/events", body, ACKNOWLEDGED, headers)

    async def heartbeat(self, relay_id: str, beat: Heartbeat) -> Directives:
        body = HEARTBEAT.dump_json(beat)
        path = f"/api/v1/relays/{relay_id}/heartbeat"
        return await self._post(path, body, DIRECTIVES, patience=_BEAT_TIMEOUT)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def _post[T](
        self,
        path: str,
        body: bytes,
        answer: TypeAdapter[T],
        headers: dict[str, str] | None = None,
        patience: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> T:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=_TIMEOUT)
        sent: dict[str, Any] = {
            "data": body,
            "timeout": patience,
            "headers": {**self._headers, **(headers or {}), "Content-Type": "application/json"},
        }
        try:
            async with self._http.post(self._base + path, **sent) as response:
                text = await response.read()
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ControlUnavailable(type(error).__name__) from error
        if status >= 500 or status in _AGAIN:
            raise ControlUnavailable(f"answered {status}")
        if status >= 300:
            raise ControlRefused(status)
        try:
            return answer.validate_json(text)
        except ValidationError as error:
            raise ControlUnavailable("not the answer of a control plane") from error
