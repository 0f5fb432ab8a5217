"""Answers that were given before: a request that comes again with its id is not executed again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

MAX_REMEMBERED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status and JSON body of a response, None for no body."""

    status: int
    json: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FirstAnswers:
    """Remembers the newest answers by method, path and Repeatability-Request-ID."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str, str], asyncio.Future[Reply]] = OrderedDict()

    async def once(
        self, key: tuple[str, str, str], act: Callable[[], Awaitable[Reply]]
    ) -> tuple[Reply, bool]:
        """Return the answer to a request and whether it was given before; act only if not."""
        known = self._answers.get(key)
        if known is not None:
            return await asyncio.shield(known), True
        answer = self._answers[key] = asyncio.get_running_loop().create_future()
        while len(self._answers) > MAX_REMEMBERED:
            self._answers.popitem(last=False)
        try:
            reply = await act()
            answer.set_result(reply)
        finally:
            if not answer.done():  # failed or cancelled: the next one must be free to act
                self._answers.pop(key, None)
                answer.cancel()
        return reply, False
