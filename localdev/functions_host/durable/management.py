"""The Durable HTTP API, for people (`/runtime/webhooks/durabletask/`) and for the SDK's client."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from . import view, wire
from .engine import Delivery, Engine
from .functions import UnknownFunction
from .links import Links
from .lives import TERMINAL, AlreadyRunning
from .rows import Instance

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Door = Callable[[str, Handler], Handler]
"""Puts itself before a handler; knows the handler's template."""

_MAX_WAIT_SECONDS = 230.0


class Management:
    """The API's handlers, for one engine."""

    def __init__(self, engine: Engine, links: Links) -> None:
        self._engine = engine
        self._links = links

    def routes(self, base: str, door: Door) -> list[web.RouteDef]:
        """All routes of the API under a base path, each behind the door."""
        one, entity = "/instances/{instance}", "/entities/{name}/{key}"
        table = [
            ("POST", "/orchestrators/{name}", self.start),
            ("POST", "/orchestrators/{name}/{instance}", self.start),
            *(
                (verb, path, handler)
                for verb, handler in (("GET", self.list_instances), ("DELETE", self.purge_many))
                for path in ("/instances", "/instances/")
            ),
            ("GET", one, self.show),
            ("DELETE", one, self.purge),
            ("POST", one + "/{raise:(?i:raiseEvent)}/{event}", self.raise_event),
            ("POST", one + "/{verb:(?i:terminate|suspend|resume)}", self.control),
            ("POST", one + "/restart", self.restart),
            ("POST", one + "/rewind", self.rewind),
            ("GET", entity, self.show_entity),
            ("POST", entity, self.signal_entity),
            ("DELETE", entity, self.delete_entity),
            *(
                ("GET", path, self.list_entities)
                for path in ("/entities", "/entities/", "/entities/{name}")
            ),
        ]
        return [web.route(verb, base + path, door(path, handler)) for verb, path, handler in table]

    async def start(self, request: web.Request) -> web.Response:
        """202 with links; 400 for an unknown orchestrator, 409 for an id that lives."""
        name, instance = request.match_info["name"], request.match_info.get("instance")
        started = self._create(name, instance, await wire.json_text(request), request.query)
        if "timeout" in request.query:
            return await self._wait(request, started)
        return self._links_of(started)

    async def list_instances(self, request: web.Request) -> web.Response:
        """A page of orchestrations by age; the next page's token comes in a header."""
        limit = wire.page_size(request.query.get("top"))
        page = self._page(request, limit)
        show_input = wire.flag(request.query, "showInput", default=True)
        body = [view.status(i, show_input=show_input) for i in page]
        headers = {wire.TOKEN: wire.token(page[-1])} if len(page) == limit else {}
        return web.json_response(body, headers=headers)

    async def purge_many(self, request: web.Request) -> web.Response:
        """Removes what has ended and fits the filter."""
        if "createdTimeFrom" not in request.query and "runtimeStatus" not in request.query:
            return _refused(400, "Please provide a filter: createdTimeFrom or runtimeStatus.")
        count, after = 0, (0.0, "")
        while page := self._page(request, wire.MAX_PAGE, after):
            count += sum(self._engine.purge(i.id) for i in page)
            after = (page[-1].created, page[-1].id)
        return web.json_response({"instancesDeleted": count}, status=200 if count else 404)

    async def show(self, request: web.Request) -> web.Response:
        """202 while it runs, 200 when it has ended, 404 if there is none."""
        instance = self._engine.status(request.match_info["instance"])
        if instance is None:
            return web.Response(status=404)
        return self._status(request, instance)

    async def purge(self, request: web.Request) -> web.Response:
        """Removes one orchestration that has ended."""
        if not self._engine.purge(request.match_info["instance"]):
            return web.Response(status=404)
        return web.json_response({"instancesDeleted": 1})

    async def raise_event(self, request: web.Request) -> web.Response:
        """The body becomes the event's input; 400 if it is not JSON."""
        if request.content_type != "application/json":
            return _refused(400, "Only application/json request content is supported")
        text = await wire.json_text(request) or "null"
        delivery = self._engine.raise_event(
            request.match_info["instance"], request.match_info["event"], text
        )
        return web.Response(status=delivery.value)

    async def control(self, request: web.Request) -> web.Response:
        """Terminate, suspend or resume, for a reason."""
        verbs = {
            "terminate": self._engine.terminate,
            "suspend": self._engine.suspend,
            "resume": self._engine.resume,
        }
        act = verbs[request.match_info["verb"].lower()]
        delivery = act(request.match_info["instance"], request.query.get("reason", ""))
        return web.Response(status=delivery.value)

    async def restart(self, request: web.Request) -> web.Response:
        """The same orchestrator with the same input, under a new id unless asked otherwise."""
        old = self._engine.status(request.match_info["instance"])
        if old is None:
            return web.Response(status=404)
        fresh = wire.flag(request.query, "restartWithNewInstanceId", default=True)
        started = self._create(old.name, None if fresh else old.id, old.input, {})
        return self._links_of(started)

    async def rewind(self, request: web.Request) -> web.Response:
        """Not done here: nothing is changed."""
        instance = self._engine.status(request.match_info["instance"])
        if instance is None:
            return web.Response(status=404)
        if instance.status != "Failed":
            return web.Response(status=Delivery.GONE.value)
        return _refused(501, "The local development host does not rewind; restart instead.")

    async def show_entity(self, request: web.Request) -> web.Response:
        """The entity's state."""
        row = self._engine.store.entity(wire.entity(request))
        if row is None:
            return web.Response(status=404)
        return web.Response(text=row.state or "null", content_type="application/json")

    async def signal_entity(self, request: web.Request) -> web.Response:
        """Runs the operation `op` some time later."""
        text = await wire.json_text(request)
        if text is not None and not isinstance(orjson.loads(text), str):
            # The SDK's client encodes twice; entity functions count on it.
            text = orjson.dumps(text).decode()
        self._engine.signal(wire.entity(request), request.query.get("op", ""), text)
        return web.Response(status=202)

    async def delete_entity(self, request: web.Request) -> web.Response:
        """Asks the entity to delete itself."""
        self._engine.signal(wire.entity(request), "delete", None)
        return web.Response(status=202)

    async def list_entities(self, request: web.Request) -> web.Response:
        """A page of entities by id, of one name or of all."""
        name = request.match_info.get("name")
        prefix = f"@{name.lower()}@" if name else ""
        limit = wire.page_size(request.query.get("top"))
        rows = self._engine.store.entities(prefix, request.headers.get(wire.TOKEN, ""), limit)
        with_state = wire.flag(request.query, "fetchState", default=False)
        body = []
        for row in rows:
            _, entity, key = row.id.split("@", 2)
            item: dict[str, Any] = {"entityId": {"name": entity, "key": key}}
            if with_state:
                item["state"] = orjson.loads(row.state or "null")
            body.append(item)
        headers = {wire.TOKEN: rows[-1].id} if len(rows) == limit else {}
        return web.json_response(body, headers=headers)

    def _create(
        self, name: str, instance: str | None, input_text: str | None, query: Mapping[str, str]
    ) -> str:
        try:
            return self._engine.start(name, instance, input_text, query.get("version"))
        except UnknownFunction as error:
            text = "One or more of the arguments submitted is incorrect"
            body = {"Message": text, "ExceptionMessage": str(error)}
            raise web.HTTPBadRequest(
                text=orjson.dumps(body).decode(), content_type="application/json"
            ) from error
        except AlreadyRunning as error:
            body = {"Message": str(error)}
            raise web.HTTPConflict(
                text=orjson.dumps(body).decode(), content_type="application/json"
            ) from error

    async def _wait(self, request: web.Request, instance: str) -> web.Response:
        seconds = min(wire.number(request.query["timeout"]), _MAX_WAIT_SECONDS)
        try:
            ended = await self._engine.wait(instance, seconds=seconds)
        except TimeoutError:
            return self._links_of(instance)
        status = 200 if ended.status == "Completed" else 500
        text = ended.output if status == 200 else None
        if text is None:
            return web.json_response(view.status(ended), status=status)
        return web.Response(text=text, content_type="application/json")

    def _links_of(self, instance: str) -> web.Response:
        links = self._links.management(instance)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return web.json_response(links, status=202, headers=headers)

    def _status(self, request: web.Request, instance: Instance) -> web.Response:
        query = request.query
        show_input = wire.flag(query, "showInput", default=True)
        body = view.status(instance, show_input=show_input)
        if wire.flag(query, "showHistory", default=False):
            events = self._engine.history(instance.id)
            show_output = wire.flag(query, "showHistoryOutput", default=False)
            body["historyEvents"] = view.history(
                events, show_output=show_output, show_input=show_input
            )
        if instance.status not in TERMINAL:
            headers = {
                "Location": self._links.management(instance.id)["statusQueryGetUri"],
                "Retry-After": "5",
            }
            return web.json_response(body, status=202, headers=headers)
        loud = wire.flag(query, "returnInternalServerErrorOnFailure", default=False)
        return web.json_response(body, status=500 if loud and instance.status == "Failed" else 200)

    def _page(
        self, request: web.Request, limit: int, after: tuple[float, str] | None = None
    ) -> list[Instance]:
        query = request.query
        statuses = frozenset(s for s in query.get("runtimeStatus", "").split(",") if s)
        return self._engine.store.page(
            statuses=statuses,
            prefix=query.get("instanceIdPrefix", ""),
            created_from=wire.moment(query, "createdTimeFrom", 0.0),
            created_to=wire.moment(query, "createdTimeTo", float(2**40)),
            after=after or wire.position(request.headers.get(wire.TOKEN)),
            limit=limit,
        )


def _refused(status: int, text: str) -> web.Response:
    return web.json_response({"Message": text}, status=status)
