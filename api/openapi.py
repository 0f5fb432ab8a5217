"""What the app's doors take and give, as an OpenAPI 3.1 document made from the code."""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, assert_never

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from adapters.plane import Plane
from api import answers, inputs
from api.access_levels import Access
from api.http import KEY, Reply, Request
from api.routes import ROUTES, Route
from core import session
from core.control_ports import Orchestrations

JSON, PROBLEM = "application/json", "application/problem+json"
REFS = "#/components/schemas/{model}"
Schemas = Mapping[tuple[str, JsonSchemaMode], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a door takes and gives. `answers`: a type per status; `problems`: its refusals.

    `others`: media types in which the same answer may be had.

    `headers`: JSON schemas of those that it reads, beside what its access asks for.
    """

    answers: Mapping[int, Any]
    body: Any = None
    query: Any = None
    headers: Mapping[str, Mapping[str, Any]] | None = None
    problems: tuple[int, ...] = ()
    media_type: str = JSON
    others: tuple[str, ...] = ()


IDEMPOTENCY = {"Idempotency-Key": {"type": "string", "pattern": f"^{KEY.pattern}$"}}
NOTHING = Operation(answers={200: None})
WAV = Operation(answers={200: bytes}, problems=(404,), media_type="audio/wav")
HANG_UP = Operation(
    body=inputs.HangUpOrder, answers={202: answers.Terminating}, problems=(400, 404, 409, 413)
)
TURN = Operation(answers={200: answers.CampaignLine}, problems=(404, 409))
HEALTH = Operation(answers={200: answers.Health})
READINESS = Operation(answers={200: answers.Readiness, 503: answers.Readiness})
OPERATIONS: dict[str, Operation] = {
    # The carrier's own format: `core.acs_events` reads it.
    "callbacks": Operation(
        body=list[Mapping[str, Any]], answers={200: None}, problems=(400, 401, 403, 404, 413)
    ),
    "open_session": Operation(
        body=session.OpenSession, answers={200: session.Session}, problems=(400, 401, 404, 409, 413)
    ),
    "report": Operation(
        body=session.Report,
        answers={200: session.Acknowledged},
        headers={"x-session-token": {"type": "string"}},
        problems=(400, 401, 404, 413),
    ),
    "heartbeat": Operation(
        body=session.Heartbeat, answers={200: session.Directives}, problems=(400, 401, 413)
    ),
    "list_calls": Operation(
        query=inputs.CallsQuery, answers={200: answers.CallPage}, problems=(400,)
    ),
    "initiate": Operation(
        body=inputs.OutboundOrder,
        answers={202: answers.Initiated},
        headers=IDEMPOTENCY,
        problems=(400, 403, 409, 413, 429, 502),
    ),
    "terminate_by_body": HANG_UP,
    "get_call": Operation(answers={200: answers.CallShown}, problems=(404,)),
    "get_transcript": Operation(
        answers={200: answers.Transcript}, problems=(404,), others=("text/markdown",)
    ),
    "get_recording": WAV,
    "get_log": Operation(
        query=inputs.LogQuery, answers={200: answers.LogPage}, problems=(400, 404)
    ),
    "hang_up": HANG_UP,
    "terminate": HANG_UP,
    "whisper": Operation(
        body=inputs.WhisperOrder, answers={202: answers.Whispering}, problems=(400, 404, 409, 413)
    ),
    "take_over": Operation(
        body=inputs.TakeOverOrder,
        answers={202: answers.TakingOver},
        problems=(400, 403, 404, 409, 413),
    ),
    "approvals": Operation(
        query=inputs.ApprovalsQuery, answers={200: answers.ApprovalPage}, problems=(400,)
    ),
    "decide": Operation(
        body=inputs.ApprovalOrder,
        answers={200: answers.ApprovalShown},
        problems=(400, 404, 409, 413),
    ),
    "promised_calls": Operation(
        query=inputs.CallbacksQuery, answers={200: answers.CallbackPage}, problems=(400,)
    ),
    "cancel": Operation(answers={200: answers.CallbackShown}, problems=(404, 409)),
    "start_campaign": Operation(
        body=inputs.CampaignOrder,
        answers={201: answers.CampaignLine},
        headers=IDEMPOTENCY,
        problems=(400, 403, 409, 413),
    ),
    "campaigns": Operation(
        query=inputs.CampaignsQuery, answers={200: answers.CampaignPage}, problems=(400,)
    ),
    "get_campaign": Operation(
        query=inputs.TargetsQuery, answers={200: answers.CampaignShown}, problems=(400, 404)
    ),
    "pause_campaign": TURN,
    "resume_campaign": TURN,
    "cancel_campaign": TURN,
    "agents": Operation(answers={200: answers.AgentList}),
    "tools": Operation(answers={200: answers.ToolList}),
    "scenarios": Operation(answers={200: answers.ScenarioList}),
    "scenario": Operation(answers={200: answers.ScenarioShown}, problems=(404,)),
    "prompt": WAV,
    "openapi": Operation(answers={200: Mapping[str, Any]}),
    "health": HEALTH,
    "health_v1": HEALTH,
    "readiness": READINESS,
    "readiness_v1": READINESS,
}

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
