"""How Azure Communication Services refuses: HTTP status, sub code as text, a message."""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """A refusal. The SDK shows it as `e.status_code`, `e.error.code`, `e.error.message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """Return the JSON of the response."""
        return {"error": {"code": self.code, "message": self.message}}


def unauthorized() -> ServiceError:
    return ServiceError(401, "7509", "HMAC signature of the request is invalid.")


def call_not_found() -> ServiceError:
    return ServiceError(404, "8522", "Call not found.")


def not_established() -> ServiceError:
    return ServiceError(400, "8501", "Action is invalid when call is not in Established state.")


def invalid_state(why: str) -> ServiceError:
    return ServiceError(400, "8585", f"Action is invalid in the current state: {why}")


def invalid_argument(why: str) -> ServiceError:
    return ServiceError(400, "8523", f"Invalid argument: {why}")


def not_answered_in_time() -> ServiceError:
    """Assumed: the documents name the sub code, not the status."""
    return ServiceError(400, "8587", "Incoming call was not answered in time.")


def transfer_in_progress() -> ServiceError:
    return ServiceError(409, "8607", "A transfer is already in progress.")


def streaming_not_configured() -> ServiceError:
    return ServiceError(405, "8522", "Media streaming was not configured for this call.")


def unsupported_version(version: str) -> ServiceError:
    return ServiceError(
        400, "UnsupportedApiVersion", f"The api-version {version!r} is not supported."
    )


def not_simulated(method: str, operation: str) -> ServiceError:
    """Not the service's own: it has more operations than this simulator."""
    return ServiceError(501, "NotSimulated", f"This simulator has no {method} {operation[-80:]}.")


def too_large() -> ServiceError:
    return ServiceError(413, "8523", "Invalid argument: the body is too large.")


def foreign() -> ServiceError:
    """Not the service's own: a page of another site may not reach this machine through it."""
    return ServiceError(403, "Forbidden", "This simulator serves this machine only.")


def throttled() -> ServiceError:
    return ServiceError(429, "8516", "Too many requests.")


def unavailable() -> ServiceError:
    return ServiceError(503, "ServiceUnavailable", "The service is unavailable, try again.")
