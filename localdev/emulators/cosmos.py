"""A Cosmos DB account on loopback that the real SDK talks to, with one physical partition.

It checks the HMAC of every request, keeps ETags, patches under conditions, batches, expiry and
continuations, and answers queries of one partition only. Faults are injected by `throttle`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from localdev.emulators.cosmos_items import Container, Item, Operation, Refusal

KEY = base64.b64encode(b"an emulated account's key: 32 B!").decode()
KINDS = {"GET": "read", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}
RETRY_AFTER_MS = 1
RANGES = {
    "_rid": "ranges",
    "PartitionKeyRanges": [
        {
            "id": "0",
            "_rid": "range",
            "minInclusive": "",
            "maxExclusive": "FF",
            "status": "online",
            "parents": [],
        }
    ],
    "_count": 1,
}


class CosmosEmulator:
    """Runs on a free port of the loopback while used as a context.

    `page`: at most so many rows a page, whatever is asked for.
    """

    def __init__(
        self,
        *,
        key: str = KEY,
        consistency: str = "Strong",
        page: int = 1000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.key = key
        self.url = ""
        self.requests: list[str] = []
        self.databases: dict[str, dict[str, Container]] = {}
        self._consistency = consistency
        self._page = page
        self._clock = clock
        self._throttled = 0
        self._runner: web.AppRunner | None = None

    def throttle(self, requests: int) -> None:
        """Answer the next requests for items with 429."""
        self._throttled = requests

    async def __aenter__(self) -> CosmosEmulator:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = [unquote(part) for part in request.rel_url.raw_path.split("/") if part]
        self.requests.append(f"{request.method} /{'/'.join(path)}")
        headers = {"x-ms-request-charge": "1.0", "x-ms-activity-id": "0"}
        try:
            self._authenticate(request, path)
            status, body, more = self._route(request, path, await request.text())
        except Refusal as refusal:
            headers["x-ms-substatus"] = str(refusal.substatus)
            if refusal.status == 429:
                headers["x-ms-retry-after-ms"] = str(RETRY_AFTER_MS)
            problem = {"code": refusal.code, "message": refusal.why or refusal.code}
            return web.json_response(problem, status=refusal.status, headers=headers)
        writes = sum(each.writes for db in self.databases.values() for each in db.values())
        headers |= {"x-ms-session-token": f"0:-1#{writes}", **more}
        if isinstance(body, dict) and "_etag" in body:
            headers["etag"] = body["_etag"]
        if body is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    def _authenticate(self, request: web.Request, path: list[str]) -> None:
        given = parse_qs(unquote(request.headers.get("Authorization", "")).replace("+", "%2B"))
        signed = _signature(self.key, request.method, path, request.headers["x-ms-date"])
        if not hmac.compare_digest(given.get("sig", [""])[0], signed):
            raise Refusal(401, "Unauthorized")

    def _route(
        self, request: web.Request, path: list[str], text: str
    ) -> tuple[int, Any, dict[str, str]]:
        match path:
            case []:
                return 200, self._account(), {}
            case ["dbs", *rest] if len(rest) < 3:
                return self._schema(request.method, rest, text)
            case ["dbs", database, "colls", name, *rest]:
                container = self.databases.get(database, {}).get(name)
                if container is None:
                    raise Refusal(404, "NotFound", 1003)
                if rest and rest[0] == "docs" and self._throttled:
                    self._throttled -= 1
                    raise Refusal(429, "TooManyRequests", 3200)
                return self._items(request, container, rest, text)
        raise Refusal(400, "BadRequest")

    def _account(self) -> Item:
        here = [{"name": "Local", "databaseAccountEndpoint": self.url}]
        return {
            "id": "emulated",
            "_rid": "emulated",
            "writableLocations": here,
            "readableLocations": here,
            "enableMultipleWriteLocations": False,
            "userConsistencyPolicy": {"defaultConsistencyLevel": self._consistency},
            "queryEngineConfiguration": "{}",
        }

    def _schema(self, method: str, path: list[str], text: str) -> tuple[int, Any, dict[str, str]]:
        """Databases, and the making of containers."""
        if method == "POST" and not path:
            made = json.loads(text)
            if made["id"] in self.databases:
                raise Refusal(409, "Conflict")
            self.databases[made["id"]] = {}
            return 201, {**made, "_rid": made["id"]}, {}
        if not path or path[0] not in self.databases:
            raise Refusal(404, "NotFound")
        if method == "POST":
            made = {**json.loads(text), "_rid": "container", "_self": "", "_etag": '"1"'}
            containers = self.databases[path[0]]
            if made["id"] in containers:
                raise Refusal(409, "Conflict")
            containers[made["id"]] = Container(properties=made, clock=self._clock)
            return 201, made, {}
        return 200, {"id": path[0], "_rid": path[0]}, {}

    def _items(
        self, request: web.Request, container: Container, path: list[str], text: str
    ) -> tuple[int, Any, dict[str, str]]:
        headers = request.headers
        match path:
            case []:
                return 200, container.properties, {}
            case ["pkranges"]:  # without the 304 the SDK would ask for ever
                seen = "If-None-Match" in headers
                return (304, None, {"etag": '"1"'}) if seen else (200, RANGES, {"etag": '"1"'})
        if "x-ms-documentdb-partitionkey" not in headers:
            raise Refusal(400, "BadRequest", 1004, "one partition at a time")
        (pk,) = json.loads(headers["x-ms-documentdb-partitionkey"])
        body: Any = json.loads(text) if text else None
        if_match = headers.get("If-Match", "")
        match path:
            case ["docs"] if headers.get("x-ms-cosmos-is-batch-request", "").lower() == "true":
                status, results = container.batch(pk, [_operation(each) for each in body])
                return status, results, {}
            case ["docs"] if "query+json" in headers.get("Content-Type", ""):
                return self._query(container, pk, body, headers)
            case ["docs"]:
                upsert = headers.get("x-ms-documentdb-is-upsert", "").lower() == "true"
                kind = "upsert" if upsert else "create"
                operation = Operation(kind=kind, body=body, if_match=if_match)
                return *container.do(pk, operation), {}
            case ["docs", item_id]:
                kind = KINDS[request.method]
                operation = Operation(kind=kind, id=item_id, body=body, if_match=if_match)
                return *container.do(pk, operation), {}
        raise Refusal(400, "BadRequest")

    def _query(
        self, container: Container, pk: str, body: Item, headers: Any
    ) -> tuple[int, Any, dict[str, str]]:
        parameters = {each["name"]: each["value"] for each in body.get("parameters", [])}
        rows = container.query(pk, body["query"], parameters)
        asked = int(headers.get("x-ms-max-item-count", -1))
        size = min(asked, self._page) if asked > 0 else self._page
        first = int(headers.get("x-ms-continuation") or 0)
        page = rows[first : first + size]
        more = {"x-ms-continuation": str(first + size)} if first + size < len(rows) else {}
        return 200, {"_rid": "container", "Documents": page, "_count": len(page)}, more


def _operation(given: Item) -> Operation:
    return Operation(
        kind=given["operationType"].lower(),
        id=given.get("id", ""),
        body=given.get("resourceBody"),
        if_match=given.get("ifMatch", ""),
    )


def _signature(key: str, method: str, path: list[str], date: str) -> str:
    """Sign as "Access control on Azure Cosmos DB resources" says: verb, kind, link, date."""
    is_feed = len(path) % 2
    kind = path[-1] if is_feed else (path[-2] if path else "")
    link = "/".join(path[:-1] if is_feed else path)
    text = f"{method.lower()}\n{kind.lower()}\n{link}\n{date.lower()}\n\n"
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
