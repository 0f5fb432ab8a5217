"""What the errors of Call Automation mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.carrier import CarrierError, Trouble

NO_SUCH_CALL = frozenset({"8522", "8528"})
TOO_LATE = frozenset({"8585", "8586", "8587", "8519", "8583", "8607"})


@contextmanager
def unless_too_late() -> Iterator[None]:
    """Let pass that what was to be undone is not there (any more)."""
    try:
        yield
    except CarrierError as error:
        if error.trouble is Trouble.UNAVAILABLE:
            raise


@contextmanager
def carrier_errors() -> Iterator[None]:
    """Raise `CarrierError` for whatever the SDK raises."""
    from azure.core.exceptions import AzureError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        trouble, code = _trouble(error)
        raise CarrierError(trouble, code) from error
    except AzureError as error:
        raise CarrierError(Trouble.UNAVAILABLE, type(error).__name__) from error


def _trouble(error: Any) -> tuple[Trouble, str]:
    status = int(error.status_code or 0)
    code = str(getattr(error.error, "code", "") or status)
    if status == 404 or code in NO_SUCH_CALL:
        return Trouble.GONE, code
    # An offer whose token has run out is answered 400 with the validator's own error name.
    if status in {409, 412} or code in TOO_LATE or "IDX23010" in str(error.message):
        return Trouble.CONFLICT, code
    if status in {408, 429} or status >= 500:
        return Trouble.UNAVAILABLE, code
    return Trouble.REFUSED, code
