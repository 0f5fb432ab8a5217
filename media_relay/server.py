"""The relay's one public port: the carrier's audio sockets, and its health.

`WS /api/v1/media/stream/{call_id}/{secret}` is let in only with the carrier's token, the call's
secret and the leg's connection id, all checked before the upgrade; neither alone is enough.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import aiofastnet

from adapters.tokens import TokenRefused, call_secret, same
from media_relay.calls import Calls, Turned
from media_relay.door import Door, Request, Response
from media_relay.media_socket import MediaSocket

log = logging.getLogger(__name__)

_STREAM = re.compile(r"/api/v1/media/stream/([A-Za-z0-9_.-]{1,100})/([A-Za-z0-9_=-]{1,100})")
_CONNECTION_ID = re.compile(r"[!-~]{1,200}")


class RelayServer:
    """Listens on one port. `verify` takes an Authorization header and raises TokenRefused.

    `troubles`: what is not as it should be, a line each, for whoever reads `/healthz`.
    """

    def __init__(
        self,
        calls: Calls,
        *,
        verify: Callable[[str | None], Awaitable[object]],
        signing_key: str,
        ready: Callable[[], bool],
        troubles: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._calls = calls
        self._verify = verify
        self._signing_key = signing_key
        self._ready = ready
        self._troubles = troubles
        self._server: asyncio.Server | None = None
        self._loopback = False
        self._deciding: set[asyncio.Task[None]] = set()
        self.draining = False

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port."""
        self._loopback = _is_loopback(host)
        self._server = await aiofastnet.create_server(
            asyncio.get_running_loop(), lambda: Door(self._decide, self._deciding), host, port
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more. Sockets of live calls are the calls' own."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._deciding):
            task.cancel()
        if self._deciding:
            await asyncio.wait(self._deciding, timeout=1)

    async def _decide(self, request: Request) -> Response | MediaSocket:
        if self._loopback and not _is_local(request):
            return Response(status=403, body="foreign host or origin")
        if request.method != "GET":
            return Response(status=405)
        match request.path.partition("?")[0]:
            case "/healthz" | "/livez":
                return Response(
                    status=200, body="\n".join(("ok", *self._troubles(), *self._load()))
                )
            case "/readyz":
                ready = self._ready() and not self.draining
                return Response(
                    status=200 if ready else 503, body="ready" if ready else "not ready"
                )
        found = _STREAM.fullmatch(request.path)
        if found is None or not request.wants_websocket:
            return Response(status=404)
        answer = await self._media(found[1], found[2], request)
        if isinstance(answer, Response):
            log.warning("media socket refused", extra={"call": found[1], "status": answer.status})
        return answer

    def _load(self) -> tuple[str, ...]:
        """Say how busy the loop is, on loopback: elsewhere it is nobody's business."""
        return (f"{len(asyncio.all_tasks())} tasks",) if self._loopback else ()

    async def _media(self, call_id: str, secret: str, request: Request) -> Response | MediaSocket:
        if self.draining:
            return Response(status=503)
        try:
            await self._verify(request.headers.get("authorization"))
        except TokenRefused:
            return Response(status=401)
        if not same(secret, call_secret(self._signing_key, "media", call_id)):
            return Response(status=403)
        connection_id = request.headers.get("x-ms-call-connection-id", "")
        if not _CONNECTION_ID.fullmatch(connection_id):
            return Response(status=403)
        answer = await self._calls.admit(call_id, connection_id)
        return Response(status=answer.status) if isinstance(answer, Turned) else answer


def _is_local(request: Request) -> bool:
    """Whether a request to a loopback server was meant for one: no page of the web may reach it."""
    urls = [f"//{request.headers.get('host', '')}"]
    if (origin := request.headers.get("origin")) is not None:
        urls.append(origin)
    try:
        hosts = [urlsplit(url).hostname for url in urls]
    except ValueError:  # an address like `[`
        return False
    return all(host is not None and _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
