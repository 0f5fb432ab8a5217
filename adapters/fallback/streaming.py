"""One request to a chain of engines that stream: another one is asked until one has begun."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import cast

from adapters.fallback.links import TOO_SLOW, Engine, Link, Links, exhausted
from core.errors import EngineFailed
from core.served import Passed, ServedBy, Working


async def first_that_begins[E: Engine, T](
    links: Links[E],
    ask: Callable[[E], AsyncIterator[T]],
    *,
    first_s: float,
    is_output: Callable[[T], bool],
    is_end: Callable[[T], bool] = lambda _: False,
) -> AsyncGenerator[T | ServedBy | Working]:
    """Yield what the first engine streams that begins in time; a `ServedBy` if it is not ours.

    Once there was output its failure is the request's: what was said is not said again. The last
    engine that is worth asking is waited for as long as the one who asks likes, and he is told by
    `Working` that his wait begins anew with each engine. Raises `EngineFailed`.
    """
    passed: list[Passed] = []
    error = TOO_SLOW
    turn = links.in_turn()
    for n, link in enumerate(turn):
        if n:
            yield Working()
        links.ask(link)
        patience = first_s if links.others_wait(turn[n + 1 :]) else None
        events = cast("AsyncGenerator[T]", ask(link.engine))
        begun: list[T] = []
        async with aclosing(events):
            try:
                async with aclosing(_beginning(events, patience, is_output)) as beginning:
                    async for event in beginning:
                        if isinstance(event, Working):
                            yield event
                        else:
                            begun.append(event)
            except EngineFailed as failure:
                error = failure.error
                passed.append(links.failed(link, error))
                continue
            if not links.is_first(link):
                yield ServedBy(engine=link.name, passed=links.passed(link, passed))
            async with aclosing(_served(links, link, begun, events, is_end)) as reply:
                async for event in reply:
                    yield event
            return
    raise exhausted(passed, error)


async def _beginning[T](
    events: AsyncGenerator[T], patience_s: float | None, is_output: Callable[[T], bool]
) -> AsyncGenerator[T]:
    """Yield what comes until there is output, or all there is.

    Whoever is at work is waited for anew. Raises `EngineFailed`.
    """
    clock = asyncio.get_running_loop().time
    deadline = None if patience_s is None else clock() + patience_s
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                event = await anext(events, None)
        except TimeoutError:
            raise EngineFailed(TOO_SLOW) from None
        if event is None:
            return
        yield event
        if not isinstance(event, Working):
            if is_output(event):
                return
        elif patience_s is not None:
            deadline = clock() + patience_s


async def _served[E: Engine, T](
    links: Links[E],
    link: Link[E],
    begun: list[T],
    events: AsyncGenerator[T],
    is_end: Callable[[T], bool],
) -> AsyncGenerator[T]:
    """Yield what had begun and all that follows; how it went is kept for requests to come."""
    try:
        for event in begun:
            if is_end(event):
                links.succeeded(link)
            yield event
        async for later in events:
            if not isinstance(later, Working) and is_end(later):
                links.succeeded(link)  # who hears this may listen no longer
            yield later
    except EngineFailed as failure:
        links.failed(link, failure.error)
        raise
    links.succeeded(link)
