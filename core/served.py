"""What those who wait for engines are told: that one is at work, or that another one answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An engine that was passed over: why it failed, or `open` for its circuit."""

    engine: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBy:
    """Another engine than the first of its chain is about to answer."""

    engine: str
    passed: tuple[Passed, ...] = ()
    kind: Literal["served_by"] = "served_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """An engine is at work on what cannot be told yet: who waits for it may wait on.

    Nothing else follows from it.
    """

    kind: Literal["working"] = "working"
