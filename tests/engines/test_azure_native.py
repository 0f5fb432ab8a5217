"""What is made of the SDK is let go of once, whatever comes between."""

import asyncio
import threading

import pytest

from adapters.azure_speech.native import SdkThreads
from core.errors import Cause, EngineFailed


class Thing:
    """Stands for objects of the SDK."""

    def __init__(self) -> None:
        self.released = 0

    def release(self) -> None:
        self.released += 1


def refuse(_: Thing) -> None:
    raise RuntimeError("a call stack of the SDK")


async def test_what_cannot_begin_is_let_go_of_and_said() -> None:
    threads, thing = SdkThreads(), Thing()

    with pytest.raises(EngineFailed) as failed:
        await threads.make(lambda: thing, refuse)
    released = thing.released
    await threads.aclose()

    assert failed.value.error.cause is Cause.BAD_REQUEST
    assert "call stack" not in failed.value.error.detail
    assert (released, thing.released) == (1, 1)


async def test_a_spare_that_cannot_begin_is_let_go_of_as_well() -> None:
    threads = SdkThreads()
    spare = await threads.make(Thing)

    with pytest.raises(EngineFailed):
        await threads.make(lambda: spare, refuse)
    released = spare.released
    await threads.aclose()

    assert (released, spare.released) == (1, 1)


async def test_what_is_not_wanted_any_more_is_let_go_of_when_it_is_made() -> None:
    threads, thing, go_on = SdkThreads(), Thing(), threading.Event()

    def slow() -> Thing:
        go_on.wait(60)
        return thing

    making = asyncio.ensure_future(threads.make(slow))
    await asyncio.wait({making}, timeout=0.01)
    making.cancel()
    await asyncio.wait({making})
    go_on.set()
    await threads.aclose()

    assert thing.released == 1


async def test_nothing_is_made_for_an_engine_that_is_closed() -> None:
    threads = SdkThreads()
    await threads.aclose()

    with pytest.raises(EngineFailed) as failed:
        await threads.make(Thing)

    assert failed.value.error.cause is Cause.LOST
