"""An HTTP request and its answer, free of any framework; refusals are problem documents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic import TypeAdapter, ValidationError

from api.answers import ProblemDocument
from api.refusals import told

MAX_BODY = 4 * 1024 * 1024
KEY = re.compile("[!-~]{0,200}")


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

    def __init__(self, status: int, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s

    def reply(self) -> Reply:
        wait = self.retry_after_s
        document: ProblemDocument = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        return Reply(
            status=self.status,
            body=json.dumps(document).encode(),
            content_type="application/problem+json",
            headers={} if wait is None else {"Retry-After": str(ceil(wait))},
        )


def named(request: Request, kind: str) -> str:
    """Return the id of what a request makes: the same for the same `Idempotency-Key`."""
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise Problem(400, "Idempotency-Key: at most 200 visible characters")
    return str(uuid5(NAMESPACE_URL, f"artvoice:{kind}|{key}") if key else uuid4())


def ok(value: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status=status, body=json.dumps(value).encode())


def read_query[T](request: Request, adapter: TypeAdapter[T]) -> T:
    """Return the query as its type. Raises Problem 400."""
    try:
        return adapter.validate_python(dict(request.query))
    except ValidationError as error:
        raise Problem(400, told(error)) from None


def read_body[T](request: Request, adapter: TypeAdapter[T]) -> T:
    """Return the body as its type; none is an empty object. Raises Problem 400 or 413."""
    if len(request.body) > MAX_BODY:
        raise Problem(413, "the body is too large")
    try:
        return adapter.validate_json(request.body or b"{}")
    except ValidationError as error:
        raise Problem(400, told(error)) from None
