"""What every REST request must pass: signature, version, the faults of its call, Repeatability."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from localdev.acs_simulator.bodies import is_loopback
from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.repeatability import FirstAnswers, Reply
from localdev.acs_simulator.service_errors import (
    ServiceError,
    foreign,
    invalid_argument,
    not_simulated,
    throttled,
    too_large,
    unauthorized,
    unavailable,
    unsupported_version,
)
from localdev.acs_simulator.signing import is_signed
from localdev.acs_simulator.timeline import Timeline

API_VERSIONS = frozenset(
    {
        "2023-03-06",
        "2023-10-15",
        "2024-04-15",
        "2024-09-15",
        "2025-05-15",
        "2025-06-15",
        "2026-03-12",
    }
)
MAX_REST_BYTES = 128 * 1024
Json = dict[str, object]


class Gate:
    """Lets requests in and answers out."""

    def __init__(self, access_key: str) -> None:
        self._access_key = access_key
        self._first = FirstAnswers()

    async def read(self, request: web.Request) -> Json:
        """Return the body of a request that may come in. Raises `ServiceError`."""
        body = await request.clone(client_max_size=MAX_REST_BYTES).read()
        if not is_signed(
            access_key=self._access_key,
            method=request.method,
            target=request.raw_path,
            headers=request.headers,
            body=body,
        ):
            raise unauthorized()
        version = request.query.get("api-version", "")
        if version not in API_VERSIONS:
            raise unsupported_version(version)
        try:
            json = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise invalid_argument("the body is not JSON.") from error
        if not isinstance(json, dict):
            raise invalid_argument("the body is not an object.")
        return json

    async def pass_through(
        self,
        request: web.Request,
        act: Callable[[], Awaitable[Reply]],
        *,
        faults: Faults,
        timeline: Timeline | None,
    ) -> web.Response:
        """Act once, as the faults allow, and answer."""
        reply, repeated = _refused(faults), False
        if reply is None:
            reply, repeated = await self._once(request, act)
        if timeline is not None:
            operation = request.path.rpartition("/")[2].rpartition(":")[2]
            timeline.note(
                "rest",
                method=request.method,
                operation=operation if ":" in request.path else "call",
                status=reply.status,
                repeated=repeated,
            )
        await asyncio.sleep(faults.number("rest_slow"))
        lost = reply.status < 300 and faults.take("drop_after_accept")
        if lost and request.transport is not None:
            request.transport.abort()
        return as_response(reply)

    async def _once(
        self, request: web.Request, act: Callable[[], Awaitable[Reply]]
    ) -> tuple[Reply, bool]:
        async def answer() -> Reply:
            try:
                return await act()
            except ServiceError as error:
                return Reply(status=error.status, json=error.body())

        repeat_id = request.headers.get("Repeatability-Request-ID")
        if not repeat_id:
            return await answer(), False
        return await self._first.once((request.method, request.path, repeat_id), answer)


def _refused(faults: Faults) -> Reply | None:
    """Return the refusal that the next request meets, if a fault says so."""
    if faults.take("rest_503"):
        return Reply(status=503, json=unavailable().body())
    retry_after = faults.number("rest_429")
    if faults.take("rest_429"):
        headers = {"Retry-After": f"{retry_after:g}"}
        return Reply(status=429, json=throttled().body(), headers=headers)
    return None


def as_response(reply: Reply) -> web.Response:
    """Return a reply as HTTP."""
    if reply.json is None:
        return web.Response(status=reply.status, headers=reply.headers)
    return web.Response(
        status=reply.status,
        body=orjson.dumps(reply.json),
        content_type="application/json",
        headers=reply.headers,
    )


@web.middleware
async def service_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn refusals into the service's error bodies; serve this machine only."""
    try:
        if not from_this_machine(request):
            raise foreign()
        return await handler(request)
    except ServiceError as error:
        return as_response(Reply(status=error.status, json=error.body()))
    except web.HTTPException as error:
        refusal = _service_refusal(request, error)
        if refusal is None:
            raise
        return as_response(Reply(status=refusal.status, json=refusal.body()))


def _service_refusal(request: web.Request, error: web.HTTPException) -> ServiceError | None:
    if not request.path.startswith("/calling/"):
        return None
    match error.status:
        case 404 | 405:  # as 501, since a 404 would tell the app that its call is gone
            return not_simulated(request.method, request.path.rpartition("/")[2])
        case 413:
            return too_large()
        case _:
            return None


def from_this_machine(request: web.Request) -> bool:
    """Whether a request names loopback as its host, and as its page if it comes from one."""
    try:
        origin = urlsplit(request.headers.get("Origin", "http://localhost")).hostname or ""
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(host) and is_loopback(origin)
