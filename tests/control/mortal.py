"""A part of the control plane in which a process dies at a chosen point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any


class Died(Exception):
    """A process that died, seen from a test that lives in it."""


def died() -> None:
    raise Died("the process died")


@dataclass
class Mortal:
    """Passes requests on, and dies before or after one of them: when `points` has come to 0.

    `looks`: requests that are no points.
    """

    part: Any
    points: list[int]
    die: Callable[[], None] = died
    looks: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.part, name)
        if name in self.looks or not iscoroutinefunction(found):
            return found

        async def lived(*args: Any, **kwargs: Any) -> Any:
            self._reached()
            result = await found(*args, **kwargs)
            self._reached()
            return result

        return lived

    def _reached(self) -> None:
        self.points[0] -= 1
        if self.points[0] == 0:
            self.die()
