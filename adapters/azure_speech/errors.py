"""What the SDK's reasons to give up mean to a call."""

from __future__ import annotations

import re

from core.errors import Cause, EngineError

# Names of the SDK's CancellationErrorCode.
_CAUSES = {
    "AuthenticationFailure": Cause.AUTH,
    "BadRequest": Cause.BAD_REQUEST,
    "TooManyRequests": Cause.THROTTLED,
    # The quota of a free subscription is used up: another one, or next month, would do.
    "Forbidden": Cause.THROTTLED,
    "ConnectionFailure": Cause.UNAVAILABLE,
    "ServiceTimeout": Cause.TIMEOUT,
    "ServiceError": Cause.UNAVAILABLE,
    "ServiceUnavailable": Cause.UNAVAILABLE,
    "RuntimeError": Cause.LOST,
}
_SESSION = re.compile(r"Session ?Id: ([0-9a-f]{32})", re.IGNORECASE)


def error_of(code: str, details: str, *, begun: bool) -> EngineError:
    """Return a cancellation as our error. `begun`: the service had already answered.

    The details may quote what was said, so only the session's id is kept, which support asks for.
    """
    cause = _CAUSES.get(code, Cause.LOST)
    if begun and cause is Cause.UNAVAILABLE:
        cause = Cause.LOST
    session = _SESSION.search(details)
    return EngineError(cause=cause, detail=f"{code} {session[1]}" if session else code)
