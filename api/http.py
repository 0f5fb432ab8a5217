"""An HTTP request and its answer, free of any framework; refusals are problem documents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter, ValidationError

MAX_BODY = 4 * 1024 * 1024
MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler may know of a request. Header names are lower case."""

    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):
    """A request that is refused; becomes `application/problem+json` (RFC 9457)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    def reply(self) -> Reply:
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return Reply(
            status=self.status,
            body=json.dumps(document).encode(),
            content_type="application/problem+json",
        )


def ok(value: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status=status, body=json.dumps(value).encode())


def page_limit(request: Request) -> int:
    """Return how many entries a page may have: `?limit=`. Raises Problem 400."""
    limit = request.query.get("limit", "50")
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= MAX_PAGE:
        raise Problem(400, f"limit must be 1 to {MAX_PAGE}")
    return int(limit)


def read_body[T](request: Request, adapter: TypeAdapter[T]) -> T:
    """Return the body as its type. Raises Problem 400 or 413; says where, never what."""
    if len(request.body) > MAX_BODY:
        raise Problem(413, "the body is too large")
    try:
        return adapter.validate_json(request.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Problem(400, f"{where}: {first['type']}") from None


def read_object(request: Request) -> dict[str, Any]:
    """Return the body as a JSON object; an empty body is an empty one. Raises Problem 400."""
    if len(request.body) > MAX_BODY:
        raise Problem(413, "the body is too large")
    try:
        value = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Problem(400, "the body must be a JSON object")
    return value


def text_of(values: Mapping[str, Any], name: str, limit: int = 200) -> str:
    """Return an optional text of an object. Raises Problem 400."""
    value = values.get(name, "")
    if not isinstance(value, str) or len(value) > limit or not _is_unicode(value):
        raise Problem(400, f"{name} must be a text of at most {limit} characters")
    return value


def _is_unicode(text: str) -> bool:
    """Whether a text can be stored: JSON may hold half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
