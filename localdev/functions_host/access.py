"""Who may talk to the host: this machine only, and with a key where keys are asked for."""

import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

log = logging.getLogger(__name__)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ROUTE = web.RequestKey("route", str)
"""Name for the access log: a function or a template, never the path (paths carry secrets)."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@web.middleware
async def refuse_foreigners(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page on another site cannot reach this host, neither directly nor by a rebound name."""
    if not _is_local(f"//{request.headers.get('Host', '')}"):
        return problem(403, "This host answers only to 127.0.0.1, localhost and ::1.")
    origin = request.headers.get("Origin")
    if origin is not None and not _is_local(origin):
        return problem(403, "Pages of other sites may not call this host.")
    return await handler(request)


@web.middleware
async def log_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line per request, without anything that the caller wrote."""
    begun = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as refusal:
        status = refusal.status
        raise
    else:
        return response
    finally:
        log.info(
            "request",
            extra={
                "method": request.method,
                "route": request.get(ROUTE, "unknown"),
                "status": status,
                "ms": round((time.perf_counter() - begun) * 1000, 1),
            },
        )


class Keys:
    """One key opens everything that asks for one; without it nothing asks, as with `func start`."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    @property
    def query(self) -> str:
        """What URLs that the host gives out carry."""
        return "" if self._key is None else f"code={self._key}"

    def door(self, template: str, handler: Handler) -> Handler:
        """The handler behind the key, under a name for the access log."""

        async def ask(request: web.Request) -> web.StreamResponse:
            request[ROUTE] = template
            return web.Response(status=401) if self.refuses(request) else await handler(request)

        return ask

    def refuses(self, request: web.Request) -> bool:
        """Whether the request needs a key and brings none, or a wrong one."""
        if self._key is None:
            return False
        given = request.headers.get("x-functions-key") or request.query.get("code") or ""
        return not hmac.compare_digest(given.encode(), self._key.encode())


def named(template: str, handler: Handler) -> Handler:
    """The handler, open, under a name for the access log."""

    async def name(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = template
        return await handler(request)

    return name


def problem(status: int, text: str) -> web.Response:
    """A refusal in words."""
    return web.json_response(
        {"status": status, "detail": text}, status=status, content_type="application/problem+json"
    )


def _is_local(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        return False
    return parts.hostname in _LOOPBACK and parts.username is None
