"""What an examination found, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """OK; worth knowing; or in the way of a call."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing examined. `remedy` says what to do about it."""

    name: str
    health: Health
    what: str
    remedy: str = ""


def ok(name: str, what: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(name=name, health=Health.OK, what=what)


def note(name: str, what: str, remedy: str = "") -> Finding:
    """Return something worth knowing."""
    return Finding(name=name, health=Health.NOTE, what=what, remedy=remedy)


def bad(name: str, what: str, remedy: str) -> Finding:
    """Return something that is in the way."""
    return Finding(name=name, health=Health.BAD, what=what, remedy=remedy)
