"""What can go wrong with an engine or a provider, as a value that a call survives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType


class Cause(StrEnum):
    """Why an engine could not do its work."""

    AUTH = "auth"
    THROTTLED = "throttled"
    BAD_REQUEST = "bad_request"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    LOST = "lost"


RETRYABLE = frozenset({Cause.THROTTLED, Cause.UNAVAILABLE, Cause.TIMEOUT, Cause.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineError:
    """One failure of one engine. `detail` is for logs and holds no speech and no secret."""

    cause: Cause
    detail: str = ""

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed elsewhere or later."""
        return self.cause in RETRYABLE


class EngineFailed(Exception):
    """Carries an `EngineError` out of an engine that was asked to open or to stream."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(f"{error.cause}: {error.detail}")
        self.error = error


class Unquoted(Exception):
    """Stands in the log for an error whose own message may quote a caller."""


def unquoted(
    error: Exception, text: str = ""
) -> tuple[type[Unquoted], Unquoted, TracebackType | None]:
    """Return an error as `exc_info`: where it was raised, and its type or `text`."""
    return Unquoted, Unquoted(text or type(error).__name__), error.__traceback__


def leaves_of(error: Exception) -> list[Exception]:
    """Return the errors that a group is made of, or the one that is none."""
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for each in error.exceptions for leaf in leaves_of(each)]


class StartRefused(Exception):
    """A part cannot start until somebody mends what the message says, a line for each mistake."""
