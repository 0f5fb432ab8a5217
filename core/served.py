"""Which engine of a chain answers, told by the chain to whom it serves."""

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
