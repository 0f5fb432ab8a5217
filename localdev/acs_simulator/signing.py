"""How the SDK signs a REST request with the access key, checked from the server's side."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_PREFIX = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
_SKEW = timedelta(minutes=5)


def is_signed(
    *,
    access_key: str,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime | None = None,
) -> bool:
    """Whether the request was signed with the key, for this host, body and time.

    `target` is the raw path with its query, as it stood on the request line.
    """
    date = headers.get("x-ms-date", "")
    content_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    text = f"{method}\n{target}\n{date};{headers.get('host', '')};{content_hash}"
    digest = hmac.new(base64.b64decode(access_key), text.encode(), hashlib.sha256).digest()
    wanted = _PREFIX + base64.b64encode(digest).decode()
    given = headers.get("authorization", "")
    same = hmac.compare_digest(wanted.encode(), given.encode(errors="replace"))
    same_body = hmac.compare_digest(
        content_hash.encode(), headers.get("x-ms-content-sha256", "").encode(errors="replace")
    )
    return same and same_body and _is_fresh(date, now or datetime.now(UTC))


def _is_fresh(date: str, now: datetime) -> bool:
    try:
        return abs(parsedate_to_datetime(date) - now) <= _SKEW
    except (TypeError, ValueError):
        return False
