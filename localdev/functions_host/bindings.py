"""What goes into a function and what comes out of it, binding by binding."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from .errors import StartError
from .worker import Function, Worker

_TRIGGERS = {
    *("httpTrigger", "eventGridTrigger", "timerTrigger"),
    *("orchestrationTrigger", "activityTrigger", "entityTrigger"),
}
_INPUTS = {"durableClient"}
_OUTPUTS = {"http"}


def check_bindings(function: Function) -> None:
    """Raises `StartError` for a binding that this host cannot serve, naming both."""
    for binding in function.bindings:
        if binding.is_trigger:
            known = binding.type in _TRIGGERS
        else:
            known = binding.type in (_INPUTS if binding.direction == "IN" else _OUTPUTS)
        if not known:
            raise StartError(
                f"function '{function.name}': the local development host does not know the "
                f"{binding.direction.lower()} binding '{binding.name}' of type '{binding.type}'"
            )


def inputs(worker: Worker, function: Function, trigger: Any, client: str) -> list[tuple[str, Any]]:
    """Every input of the function: the trigger's Datum, and the Durable client's JSON."""
    values = []
    for binding in function.bindings:
        if binding.is_trigger:
            values.append((binding.name, trigger))
        elif binding.type == "durableClient":
            values.append((binding.name, worker.datum(client, "string")))
    return values


async def http_request(worker: Worker, request: web.Request, parameters: Mapping[str, str]) -> Any:
    """The Datum of an HTTP trigger; reads the whole body."""

    def texts(values: Mapping[str, str]) -> dict[str, Any]:
        return {name: worker.datum(value, "string") for name, value in values.items()}

    def joined(values: MultiMapping[str]) -> dict[str, str]:
        return {name: ",".join(values.getall(name)) for name in values}

    return worker.datum(
        {
            "method": worker.datum(request.method, "string"),
            "url": worker.datum(str(request.url), "string"),
            "headers": texts({k.lower(): v for k, v in joined(request.headers).items()}),
            "body": worker.datum(await request.read(), "bytes"),
            "params": texts(parameters),
            "query": texts(joined(request.query)),
        },
        "http",
    )


def http_response(value: Any) -> web.Response:
    """The answer that a function's result stands for; no result is 204."""
    if value is None or value.type is None:
        return web.Response(status=204)
    if value.type != "http":
        body = value.value if isinstance(value.value, bytes) else str(value.value).encode()
        return web.Response(body=body, content_type="text/plain", charset="utf-8")
    parts = value.value
    headers = CIMultiDict((name, v.value) for name, v in parts["headers"].items())
    for cookies in parts["cookies"] or ():
        for morsel in cookies.values():
            headers.add("Set-Cookie", morsel.OutputString())
    return web.Response(
        status=int(parts["status_code"].value), body=parts["body"].value, headers=headers
    )
