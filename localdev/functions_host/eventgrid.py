"""The Event Grid webhook of the host: handshake, delivery, unsubscription.

`POST /runtime/webhooks/EventGrid?functionName=NAME`, as the Event Grid extension 3.x answers it:
the header `aeg-event-type` tells what to do; every element of a delivery is one invocation.
"""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from .app import App
from .worker import Function


class EventGrid:
    """Receives what Event Grid sends."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._functions = {f.name.lower(): f for f in app.triggered_by("eventGridTrigger")}

    async def handle(self, request: web.Request) -> web.Response:
        """202 if all invocations succeed, 500 if any fails (all will be delivered again)."""
        # Queries of the real host do not mind case.
        query = {k.lower(): v for k, v in request.query.items()}
        function = self._functions.get(query.get("functionname", "").lower())
        if function is None:
            name = query.get("functionname", "")
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        match request.headers.get("aeg-event-type", "").lower():
            case "subscriptionvalidation":
                return _shake_hands(await _body(request))
            case "notification":
                return await self._deliver(function, await _body(request))
            case "unsubscribe":
                return web.Response(status=202)
            case _:
                return web.Response(status=400)

    async def _deliver(self, function: Function, body: Any) -> web.Response:
        events = body if isinstance(body, list) else [body]
        if not all(isinstance(e, dict) for e in events):
            return web.Response(status=400, text="an event must be a JSON object")
        outcomes = await asyncio.gather(*(self._invoke(function, e) for e in events))
        failed = any(o.error is not None for o in outcomes)
        return web.Response(status=500 if failed else 202)

    async def _invoke(self, function: Function, event: dict[str, Any]) -> Any:
        datum = self._app.worker.datum
        data = datum(orjson.dumps(event.get("data")).decode(), "json")
        return await self._app.invoke(
            function, datum(orjson.dumps(event).decode(), "json"), {"data": data}
        )


async def _body(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(text="the body is not JSON") from error


def _shake_hands(body: Any) -> web.Response:
    """Event Grid's `data` is an object in an array, that of CloudEvents JSON text in an object."""
    match body:
        case [{"data": {"validationCode": str(code)}}, *_] | {
            "data": {"validationCode": str(code)}
        }:
            return web.json_response({"validationResponse": code})
        case {"data": str(text)}:
            try:
                return _shake_hands({"data": orjson.loads(text)})
            except orjson.JSONDecodeError:
                return web.Response(status=400)
        case _:
            return web.Response(status=400, text="a validation event has a validationCode")
