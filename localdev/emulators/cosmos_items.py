"""The items of an emulated Cosmos DB container: ETags, patches, batches, expiry, partitions."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from localdev.emulators.cosmos_query import BadQuery, select

MAX_ITEM_BYTES = 2 * 1024 * 1024
MAX_BATCH = 100
MAX_PATCH = 10
MAX_ID_BYTES = 1023

Item = dict[str, Any]
Outcome = tuple[int, Item | None]


class Refusal(Exception):
    """An HTTP status, with the service's name and substatus for it."""

    def __init__(self, status: int, code: str, substatus: int = 0, why: str = "") -> None:
        super().__init__(f"{status} {code} {why}")
        self.status, self.code, self.substatus, self.why = status, code, substatus, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing to do to an item. `condition` is a patch's `FROM c WHERE ...`."""

    kind: str
    id: str = ""
    body: Any = None
    if_match: str = ""


@dataclass(slots=True, kw_only=True)
class Container:
    """Items by partition and id. `clock` gives epoch seconds."""

    properties: Item
    clock: Callable[[], float]
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    writes: int = 0

    def do(self, pk: str, operation: Operation) -> Outcome:
        """Carry an operation out; return status and item. Raises Refusal."""
        self._expire()
        match operation.kind:
            case "create" | "upsert":
                return self._put(pk, operation)
            case "read":
                return 200, self._existing(pk, operation)
            case "replace":
                self._existing(pk, operation)
                return self._write(pk, dict(operation.body))
            case "patch":
                return self._patch(pk, operation)
            case "delete":
                self._existing(pk, operation)
                del self.items[pk, operation.id]
                return 204, None
            case _:
                raise Refusal(400, "BadRequest", why=operation.kind)

    def batch(self, pk: str, operations: Sequence[Operation]) -> tuple[int, list[Item]]:
        """Carry all out or nothing; return status and one result for each."""
        if len(operations) > MAX_BATCH:
            raise Refusal(400, "BadRequest", why="more than 100 operations")
        before, results = dict(self.items), []
        for index, operation in enumerate(operations):
            try:
                status, item = self.do(pk, operation)
            except Refusal as refusal:
                self.items = before
                statuses = [424] * len(operations)
                statuses[index] = refusal.status
                return 207, [{"statusCode": each, "requestCharge": 1.0} for each in statuses]
            result: Item = {"statusCode": status, "requestCharge": 1.0, "resourceBody": item}
            results.append(result if item is None else {**result, "eTag": item["_etag"]})
        return 200, results

    def query(self, pk: str, query: str, parameters: Mapping[str, Any]) -> list[Item]:
        """Return the rows of a query of one partition. Raises Refusal."""
        self._expire()
        mine = [item for (each, _), item in sorted(self.items.items()) if each == pk]
        try:
            return select(mine, query, parameters, indexed=self._is_indexed)
        except BadQuery as error:
            raise Refusal(400, "BadRequest", why=str(error)) from error

    def _is_indexed(self, name: str) -> bool:
        paths = self.properties.get("indexingPolicy", {}).get("includedPaths", [{"path": "/*"}])
        return any(each["path"] in {"/*", f"/{name}/?"} for each in paths)

    def _existing(self, pk: str, operation: Operation) -> Item:
        item = self.items.get((pk, operation.id))
        if item is None:
            raise Refusal(404, "NotFound")
        if operation.if_match not in {"", "*", item["_etag"]}:
            raise Refusal(412, "PreconditionFailed")
        return item

    def _put(self, pk: str, operation: Operation) -> Outcome:
        item = dict(operation.body)
        there = self.items.get((pk, item["id"]))
        if there and operation.kind == "create":
            raise Refusal(409, "Conflict")
        if operation.if_match and (there is None or operation.if_match != there["_etag"]):
            raise Refusal(412, "PreconditionFailed")
        return self._write(pk, item)

    def _patch(self, pk: str, operation: Operation) -> Outcome:
        item = copy.deepcopy(self._existing(pk, operation))
        condition, changes = operation.body.get("condition"), operation.body["operations"]
        if condition and not select([item], condition, {}, indexed=self._is_indexed):
            raise Refusal(412, "PreconditionFailed")
        if len(changes) > MAX_PATCH:
            raise Refusal(400, "BadRequest", why="more than 10 patch operations")
        for change in changes:
            _patch(item, change)
        return self._write(pk, item)

    def _write(self, pk: str, item: Item) -> Outcome:
        path = self.properties["partitionKey"]["paths"][0].strip("/")
        if item.get(path) != pk:
            raise Refusal(400, "BadRequest", 1001, "not the partition of the header")
        if set(item["id"]) & set("/\\?#") or not 0 < len(item["id"].encode()) <= MAX_ID_BYTES:
            raise Refusal(400, "BadRequest", why="the id is not one")
        if len(json.dumps(item).encode()) > MAX_ITEM_BYTES:
            raise Refusal(413, "RequestEntityTooLarge")
        self.writes += 1
        there = self.items.get((pk, item["id"]))
        rid = there["_rid"] if there else f"rid{self.writes}"
        # `_ts` is in whole seconds there; expiry is told from it.
        system = {"_etag": f'"{uuid.uuid4()}"', "_ts": int(self.clock()), "_rid": rid}
        stored = {**item, **system, "_self": "", "_attachments": "attachments/"}
        self.items[pk, item["id"]] = stored
        return (200 if there else 201), stored

    def _expire(self) -> None:
        if "defaultTtl" not in self.properties:  # expiry is off then, whatever an item says
            return
        default, now = int(self.properties["defaultTtl"]), self.clock()
        for key, item in list(self.items.items()):
            ttl = item.get("ttl", default)
            if ttl > 0 and item["_ts"] + ttl <= now:
                del self.items[key]


def _patch(item: Item, change: Mapping[str, Any]) -> None:
    *path, last = change["path"].strip("/").split("/")
    target = item
    for name in path:
        if not isinstance(target.get(name), dict):
            raise Refusal(400, "BadRequest", why="the path is not there")
        target = target[name]
    match change["op"].lower():
        case "set" | "add":
            target[last] = change["value"]
        case "replace" | "remove" if last not in target:
            raise Refusal(400, "BadRequest", why="the path is not there")
        case "replace":
            target[last] = change["value"]
        case "remove":
            del target[last]
        case "incr":
            target[last] = target.get(last, 0) + change["value"]
        case op:
            raise Refusal(400, "BadRequest", why=op)
