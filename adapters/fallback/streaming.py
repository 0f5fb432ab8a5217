"""One request to a chain of engines that stream: another one is asked until one has begun."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import cast

from adapters.fallback.links import TOO_SLOW, Engine, Links, exhausted
from core.errors import EngineFailed
from core.served import Passed, ServedBy


async def first_that_begins[E: Engine, T](
    links: Links[E],
    ask: Callable[[E], AsyncIterator[T]],
    *,
    first_s: float,
    is_output: Callable[[T], bool],
    is_end: Callable[[T], bool] = lambda _: False,
) -> AsyncGenerator[T | ServedBy]:
    """Yield what the first engine streams that begins in time; a `ServedBy` if it is not ours.

    Once there was output its failure is the request's: what was said is not said again. The last
    engine that is worth asking is waited for as long as the one who asks likes. Raises
    `EngineFailed`.
    """
    passed: list[Passed] = []
    error = TOO_SLOW
    turn = links.in_turn()
    for n, link in enumerate(turn):
        links.ask(link)
        patience = first_s if links.others_wait(turn[n + 1 :]) else None
        events = cast("AsyncGenerator[T]", ask(link.engine))
        async with aclosing(events):
            try:
                begun = await _begun(events, patience, is_output)
            except EngineFailed as failure:
                error = failure.error
                passed.append(links.failed(link, error))
                continue
            if not links.is_first(link):
                yield ServedBy(engine=link.name, passed=links.passed(link, passed))
            try:
                for event in begun:
                    if is_end(event):
                        links.succeeded(link)
                    yield event
                async for event in events:
                    if is_end(event):  # who hears this may listen no longer
                        links.succeeded(link)
                    yield event
            except EngineFailed as failure:
                links.failed(link, failure.error)
                raise
            links.succeeded(link)
            return
    raise exhausted(passed, error)


async def _begun[T](
    events: AsyncGenerator[T], patience: float | None, is_output: Callable[[T], bool]
) -> list[T]:
    """Return what comes until there is output, or all there is."""
    begun: list[T] = []
    try:
        async with asyncio.timeout(patience):
            async for event in events:
                begun.append(event)
                if is_output(event):
                    break
    except TimeoutError:
        raise EngineFailed(TOO_SLOW) from None
    return begun
