"""The admin endpoints: what the app has, and running a function by hand."""

import asyncio
import json
from typing import Any

from aiohttp import web

from .app import App
from .worker import Function

_BY_HAND = {"eventGridTrigger", "timerTrigger", "activityTrigger"}


class Admin:
    """`/admin/host/status` and `/admin/functions[/{name}]`."""

    def __init__(self, app: App, url: str) -> None:
        self._app = app
        self._url = url
        self._runs: set[asyncio.Task[Any]] = set()

    async def status(self, _request: web.Request) -> web.Response:
        """The host runs, else it would not answer."""
        return web.json_response({"state": "Running", "version": "local development host"})

    async def list_functions(self, _request: web.Request) -> web.Response:
        """All functions with their bindings."""
        return web.json_response([self._describe(f) for f in self._app.functions.values()])

    async def show(self, request: web.Request) -> web.Response:
        """One function."""
        function = self._app.functions.get(request.match_info["name"])
        if function is None:
            return web.Response(status=404)
        return web.json_response(self._describe(function))

    async def run(self, request: web.Request) -> web.Response:
        """`{"input": "text"}` → 202 at once; how it ends is seen in the log only."""
        function = self._app.functions.get(request.match_info["name"])
        if function is None:
            return web.Response(status=404)
        if function.trigger.type not in _BY_HAND:
            return web.Response(status=400, text="this kind of function is not run by hand")
        try:
            text = _input(json.loads(await request.text() or "{}"))
        except ValueError:
            return web.Response(status=400, text='the body must be {"input": "text"}')
        if function.trigger.type == "timerTrigger" and not text:
            text = '{"IsPastDue": false}'
        trigger = self._app.worker.datum(text, "json")
        task = asyncio.create_task(self._app.invoke(function, trigger))
        self._runs.add(task)
        task.add_done_callback(self._runs.discard)
        return web.Response(status=202)

    async def close(self, patience: float) -> None:
        """Let runs by hand end, `patience` seconds at most."""
        if not self._runs:
            return
        _, late = await asyncio.wait(self._runs, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _describe(self, function: Function) -> dict[str, Any]:
        return {
            "name": function.name,
            "href": f"{self._url}/admin/functions/{function.name}",
            "config": {"bindings": [b.raw for b in function.bindings]},
            "language": "python",
            "isDisabled": False,
        }


def _input(body: Any) -> str:
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004 - the same answer as for no JSON
    value = body.get("input", "")
    return value if isinstance(value, str) else json.dumps(value)
