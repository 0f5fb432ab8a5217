"""HTTP triggers: a request finds its function by route, method and key."""

from aiohttp import web

from .access import ROUTE, Keys
from .app import App
from .bindings import http_request, http_response
from .routes import Routes, compile_route


class HttpTriggers:
    """Answers every request that belongs to no endpoint of the host itself."""

    def __init__(self, app: App, keys: Keys, prefix: str) -> None:
        self._app = app
        self._keys = keys
        self._routes = Routes(
            compile_route(
                f.name,
                f"{prefix}/{(f.trigger.raw.get('route') or f.name).strip('/')}",
                f.trigger.raw.get("methods") or (),
            )
            for f in app.triggered_by("httpTrigger")
        )

    async def handle(self, request: web.Request) -> web.Response:
        """404 without a route, 401 without the key, 500 with no body when the function raises."""
        match = self._routes.find(request.method, request.rel_url.raw_path)
        if match is None:
            return web.Response(status=404)
        request[ROUTE] = match.route.template
        function = self._app.functions[match.route.function]
        level = str(function.trigger.raw.get("authLevel", "function")).lower()
        if level != "anonymous" and self._keys.refuses(request):
            return web.Response(status=401)
        trigger = await http_request(self._app.worker, request, match.parameters)
        outcome = await self._app.invoke(function, trigger)
        if outcome.error is not None:
            return web.Response(status=500)
        return http_response(outcome.value or next((v for _, v in outcome.outputs), None))
