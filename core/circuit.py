"""When an engine that keeps failing is left alone, and when it is tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import Cause


class Standing(StrEnum):
    """Closed: it is asked. Open: it is not. Half open: one request may try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSettings:
    """`failures` in a row open a circuit for `pause_s`, doubled up to `longest_s` while it fails.

    `rest_s`: so long others go first after a single failure.
    """

    failures: int = 3
    pause_s: float = 15.0
    longest_s: float = 300.0
    rest_s: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """How one engine did lately. Times are of any steady clock.

    `pause_s` is 0 while the circuit is closed; otherwise it is tried again at `until`.
    """

    failures: int = 0
    pause_s: float = 0.0
    until: float = 0.0
    rested: float = 0.0

    def standing(self, now: float) -> Standing:
        """Return whether it may be asked now."""
        if not self.pause_s:
            return Standing.CLOSED
        return Standing.HALF_OPEN if now >= self.until else Standing.OPEN


def asked(circuit: Circuit, now: float) -> Circuit:
    """Return the circuit of an engine that is being asked.

    The one request that tries a half open one keeps others away until its outcome is known, or,
    if nobody tells it, for another pause.
    """
    if circuit.standing(now) is not Standing.HALF_OPEN:
        return circuit
    return replace(circuit, until=now + circuit.pause_s)


def succeeded(circuit: Circuit) -> Circuit:
    """Return the circuit of an engine that did its work."""
    return circuit if circuit == _NEW else _NEW


def failed(
    circuit: Circuit, now: float, cause: Cause, settings: CircuitSettings | None = None
) -> Circuit:
    """Return the circuit after one more failure.

    A request that was refused for what it is says nothing about the next one; credentials that
    are refused will be refused again, so one such failure is enough.
    """
    limits = settings or _DEFAULTS
    rested = now + limits.rest_s
    if cause is Cause.BAD_REQUEST:
        return replace(circuit, rested=rested)
    count = circuit.failures + 1
    if circuit.pause_s:
        pause_s = min(2 * circuit.pause_s, limits.longest_s)
    elif count >= limits.failures or cause is Cause.AUTH:
        pause_s = limits.pause_s
    else:
        pause_s = 0.0
    return Circuit(failures=count, pause_s=pause_s, until=now + pause_s, rested=rested)


_NEW = Circuit()
_DEFAULTS = CircuitSettings()
