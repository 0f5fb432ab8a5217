"""Reading requests of the Durable HTTP API: bodies, query values and continuation tokens."""

import base64
import binascii
from collections.abc import Mapping

import orjson
from aiohttp import web

from .history import seconds_of
from .rows import Instance

TOKEN = "x-ms-continuation-token"  # noqa: S105 - a header's name
MAX_PAGE = 1000


async def json_text(request: web.Request) -> str | None:
    """The body, checked and written anew; None if there is none."""
    body = await request.read()
    if not body.strip():
        return None
    try:
        return orjson.dumps(orjson.loads(body)).decode()
    except orjson.JSONDecodeError as error:
        raise web.HTTPBadRequest(text="the body is not JSON") from error


def entity(request: web.Request) -> str:
    return f"@{request.match_info['name'].lower()}@{request.match_info['key']}"


def flag(query: Mapping[str, str], name: str, *, default: bool) -> bool:
    return query.get(name, str(default)).lower() == "true"


def number(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError as error:
        raise web.HTTPBadRequest(text="timeout must be a number of seconds") from error


def page_size(text: str | None) -> int:
    if text is None:
        return MAX_PAGE  # the SDK's client asks for everything and follows no token
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise web.HTTPBadRequest(text=f"top must be between 1 and {MAX_PAGE}")
    return int(text)


def moment(query: Mapping[str, str], name: str, default: float) -> float:
    if not query.get(name):
        return default
    try:
        return seconds_of(query[name])
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{name} must be an ISO 8601 time") from error


def token(last: Instance) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([last.created, last.id])).decode()


def position(token: str | None) -> tuple[float, str]:
    if not token:
        return 0.0, ""
    try:
        match orjson.loads(base64.urlsafe_b64decode(token)):
            case [float(created), str(instance)]:
                return created, instance
    except (ValueError, binascii.Error) as error:
        raise web.HTTPBadRequest(text="the continuation token is not one of ours") from error
    raise web.HTTPBadRequest(text="the continuation token is not one of ours")
