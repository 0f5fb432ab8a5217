"""Makes sure that a request may use its route."""

from __future__ import annotations

from adapters.plane import Plane
from adapters.tokens import TokenRefused, bearer, call_secret, same
from api.access_levels import Access
from api.http import Problem, Request


async def admit(access: Access, request: Request, plane: Plane) -> None:
    """Let a request pass, or raise Problem 401 or 403."""
    match access:
        case Access.FUNCTION_KEY | Access.PUBLIC:
            return  # the platform has asked for the key already, or nobody needs to
        case Access.RELAY_KEY:
            expected = plane.settings.relay_shared_key.get_secret_value()
            if not same(bearer(request.headers.get("authorization")), expected):
                raise Problem(401, "the relay's key is missing or wrong")
        case Access.ACS_TOKEN:
            await _carrier(request, plane)


async def _carrier(request: Request, plane: Plane) -> None:
    try:
        await plane.tokens.verify(request.headers.get("authorization"))
    except TokenRefused as error:
        raise Problem(401, "the carrier's token is missing or wrong") from error
    # The token binds neither call nor path: the secret does, and never suffices alone.
    call_id = request.params.get("call_id", "")
    expected = call_secret(plane.signing_key, "callback", call_id)
    if not same(request.params.get("secret"), expected):
        raise Problem(403, "not a path of ours")
