"""What the app's doors take and give, as an OpenAPI 3.1 document made from the code."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal, assert_never

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from adapters.plane import Plane
from api import answers
from api.access_levels import Access
from api.http import Reply, Request
from api.operations import JSON, OPERATIONS, Operation
from api.routes import ROUTES, Route
from core.control_ports import Orchestrations

PROBLEM = "application/problem+json"
REFS = "#/components/schemas/{model}"
Schemas = Mapping[tuple[str, JsonSchemaMode], Mapping[str, Any]]


SECURITY: dict[str, dict[str, str]] = {
    "function_key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "function_key_in_query": {"type": "apiKey", "in": "query", "name": "code"},
    "relay_key": {"type": "http", "scheme": "bearer", "description": "RELAY_SHARED_KEY"},
    "acs_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "signed by the carrier; the path's secret is asked for too",
    },
}


async def openapi(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Describe all doors: this document."""
    # In a thread, because the first time it imports every handler.
    return Reply(body=await asyncio.to_thread(_written))


@functools.cache
def _written() -> bytes:
    return json.dumps(document()).encode()


def document() -> dict[str, Any]:
    """Return the document. Raises KeyError for a route without an operation."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        told = _operation(route, OPERATIONS[route.name], schemas)
        paths.setdefault(f"/{route.path}", {})[route.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "ARTVoice, serverless", "version": "v1"},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SECURITY},
    }


def _schemas() -> tuple[Schemas, Mapping[str, Any]]:
    """Return the schema of each body and answer, and the definitions that they share."""
    wanted: dict[tuple[str, JsonSchemaMode], Any] = {
        ("problem", "serialization"): answers.ProblemDocument
    }
    for name, operation in OPERATIONS.items():
        if operation.body is not None:
            wanted[name, "validation"] = operation.body
        for status, answer in operation.answers.items():
            if answer not in (None, bytes):
                wanted[f"{name} {status}", "serialization"] = answer
    adapters = [(name, mode, TypeAdapter(shape)) for (name, mode), shape in wanted.items()]
    schemas, shared = TypeAdapter.json_schemas(adapters, ref_template=REFS)
    return schemas, shared["$defs"]


def _operation(route: Route, operation: Operation, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": route.name,
        "summary": _summary(route),
        "security": _security(route.access),
        "parameters": [*_path(route), *_query(operation), *_headers(operation)],
        "responses": _responses(route, operation, schemas),
    }
    if operation.body is not None:
        schema = schemas[route.name, "validation"]
        told["requestBody"] = {"content": {JSON: {"schema": schema}}, "required": _asks(operation)}
    return told


def _asks(operation: Operation) -> bool:
    """Whether a request must have a body: an empty one counts as an empty object."""
    schema = TypeAdapter(operation.body).json_schema()
    return schema["type"] != "object" or bool(schema.get("required"))


def _summary(route: Route) -> str:
    module, _, name = route.handler.partition(":")
    text = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
    return text.partition("\n")[0]


def _security(access: Access) -> list[dict[str, list[str]]]:
    match access:
        case Access.PUBLIC:
            return []
        case Access.FUNCTION_KEY:
            return [{"function_key": []}, {"function_key_in_query": []}]
        case Access.RELAY_KEY:
            return [{"relay_key": []}]
        case Access.ACS_TOKEN:
            return [{"acs_token": []}]
        case _:
            assert_never(access)


def _path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [_parameter(name, "path", {"type": "string"}, required=True) for name in names]


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    fields = TypeAdapter(operation.query).json_schema()["properties"]
    return [_parameter(name, "query", schema) for name, schema in fields.items()]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    return [
        _parameter(name, "header", schema) for name, schema in (operation.headers or {}).items()
    ]


def _parameter(
    name: str,
    place: Literal["path", "query", "header"],
    schema: Mapping[str, Any],
    *,
    required: bool = False,
) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _responses(route: Route, operation: Operation, schemas: Schemas) -> dict[str, Any]:
    problem = {PROBLEM: {"schema": schemas["problem", "serialization"]}}
    # What every door may say: the settings are incomplete.
    told: dict[int, dict[str, Any]] = {
        status: {"content": dict(problem)} for status in (*operation.problems, 503)
    }
    if route.access is Access.FUNCTION_KEY:
        told[401] = {}  # the platform's answer, without a body
    for status, answer in operation.answers.items():
        response = told.setdefault(status, {})
        if answer is bytes:
            response["content"] = {operation.media_type: {}}
        elif answer is not None:
            schema = schemas[f"{route.name} {status}", "serialization"]
            response.setdefault("content", {})[operation.media_type] = {"schema": schema}
            response["content"] |= {other: {} for other in operation.others}
    return {
        str(status): {"description": HTTPStatus(status).phrase, **told[status]}
        for status in sorted(told)
    }
