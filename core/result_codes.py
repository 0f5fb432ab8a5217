"""What the carrier's numbers mean when a leg ends: `resultInformation` of Call Automation.

The codes are SIP's with sub-codes of the service. They never decide *whether* a leg is over, the
event's type does; a failure may carry code 200.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """Why a leg ended, or never came up."""

    HUNG_UP = "hung_up"  # the far end, as most calls end
    BY_US = "by_us"  # our hang-up, or that of a service on our side
    TRANSFERRED = "transferred"  # somebody took the far end
    NO_ANSWER = "no_answer"  # nobody took it in time, or the caller gave up while it rang
    BUSY = "busy"
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"  # switched off, unknown, not registered
    BLOCKED = "blocked"  # taken for spam: worth an alert
    TOO_LATE = "too_late"  # the ring was over
    FAULT = "fault"  # the carrier's or ours
    UNKNOWN = "unknown"


# The most specific row first; None stands for every sub-code.
TABLE: dict[tuple[int, int | None], Cause] = {
    (200, 7000): Cause.BY_US,
    (0, 7000): Cause.BY_US,
    (200, 5001): Cause.BY_US,
    (200, 7015): Cause.TRANSFERRED,  # as Microsoft Graph's calls have it, on the same platform
    (0, 7015): Cause.TRANSFERRED,
    (200, 5002): Cause.DECLINED,
    (200, None): Cause.HUNG_UP,
    (0, 560000): Cause.HUNG_UP,
    (0, None): Cause.UNKNOWN,  # older versions send no result
    (403, 510403): Cause.BLOCKED,
    (403, None): Cause.DECLINED,
    (404, 8522): Cause.UNAVAILABLE,
    (404, None): Cause.UNAVAILABLE,
    (408, None): Cause.NO_ANSWER,
    (410, None): Cause.UNAVAILABLE,
    (480, None): Cause.UNAVAILABLE,
    (484, None): Cause.UNAVAILABLE,
    (486, None): Cause.BUSY,
    (487, 10024): Cause.DECLINED,
    (487, None): Cause.NO_ANSWER,
    (600, None): Cause.BUSY,
    (603, None): Cause.DECLINED,
}
SUB_CODES = {8586: Cause.TOO_LATE, 8587: Cause.TOO_LATE}


def cause_of(code: int, sub_code: int) -> Cause:
    """Return what a leg's last result means; FAULT for every failure that has no row."""
    if sub_code in SUB_CODES:
        return SUB_CODES[sub_code]
    known = TABLE.get((code, sub_code)) or TABLE.get((code, None))
    if known is not None:
        return known
    return Cause.FAULT if code >= 400 else Cause.UNKNOWN
