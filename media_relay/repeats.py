"""Tools that were used in a turn already: asked again for the same, they are not run again.

Unless something has changed since: a tool with side effects has run, or something was remembered.
What failed may be tried once more.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from core.tools import HangUp, ToolCall, ToolResult

_TRIES = 2


@dataclass(slots=True)
class _Use:
    answer: asyncio.Future[ToolResult]
    tries: int = 1

    @property
    def open(self) -> bool:
        """Whether it may be tried again."""
        return self.answer.done() and not self.answer.result().ok and self.tries < _TRIES


class Repeats:
    """The tools of one turn, by what they were asked."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    async def once(
        self, call: ToolCall, run: Callable[[], Awaitable[ToolResult]], *, changes: bool
    ) -> ToolResult:
        """Run a tool, or say what it answered before. `changes`: it has side effects."""
        wish = json.dumps([call.name, call.arguments], sort_keys=True, default=str)
        before = self._uses.get(wish)
        if before is not None and not before.open:
            return _told_again(call.name, await asyncio.shield(before.answer))
        use = _Use(asyncio.get_running_loop().create_future(), before.tries + 1 if before else 1)
        self._uses[wish] = use
        result = _LOST
        try:
            result = await run()
        finally:
            use.answer.set_result(result)
        if (changes and result.ok) or result.effects:
            self._uses = {wish: use}
        return result


_LOST = ToolResult(ok=False, error="interrupted", text="This was interrupted.")


def _told_again(name: str, result: ToolResult) -> ToolResult:
    text = (
        f"You have called {name} with the same arguments in this turn already, and nothing has "
        f"changed since. It answered: {result.text}\nDo not call it again; answer the caller."
    )
    # A goodbye that the caller took back may be said again.
    ends = tuple(effect for effect in result.effects if isinstance(effect, HangUp))
    return replace(result, text=text, effects=ends)
