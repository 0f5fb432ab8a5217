"""The voice detector asked by many calls at once: answers as of a model of one's own."""

import asyncio
from typing import Any

import numpy as np
import pytest

from adapters.embedded.detecting import WINDOW_BYTES, Detection
from adapters.embedded.endpointing import Endpointer
from adapters.embedded.pcm import Samples
from adapters.embedded.silero import GATHER_S, Silero
from tests.virtual_time import VIRTUAL

pytestmark = pytest.mark.audio

CALLS, WINDOWS = 40, 12


@pytest.fixture
def anyio_backend() -> Any:
    return VIRTUAL


async def turns(count: int) -> None:
    """Let the loop go round so often; the clock stands still."""
    for _ in range(count):
        await asyncio.sleep(0)


def noise(seed: int, windows: int) -> Samples:
    """Return so many windows of noise."""
    chance = np.random.default_rng(seed)
    return (chance.normal(0, 0.1, (windows, 512))).astype(np.float32)


async def answers(silero: Silero, sounds: list[Samples]) -> list[list[float]]:
    """Ask about the windows of several calls, those of each moment in one turn of the loop."""
    listeners = [silero.listener() for _ in sounds]
    heard: list[list[float]] = [[] for _ in sounds]
    for moment, windows in enumerate(zip(*sounds, strict=True), start=1):
        for listener, window, told in zip(listeners, windows, heard, strict=True):
            assert listener.ask(window, speaking=True, told=told.append) is None
        await asyncio.sleep(GATHER_S)
        assert {len(told) for told in heard} == {moment}
    return heard


async def test_many_calls_at_once_get_the_answers_that_each_would_get_alone() -> None:
    chance = np.random.default_rng(7)
    loudness = chance.uniform(0.01, 0.3, (CALLS, 1, 1))
    sounds = [*(chance.normal(0, 1, (CALLS, WINDOWS, 512)) * loudness).astype(np.float32)]
    silero = Silero()

    together = await answers(silero, sounds)
    alone = [(await answers(silero, [sound]))[0] for sound in sounds]

    assert np.allclose(together, alone, atol=1e-4)


async def test_a_call_that_is_alone_is_answered_at_once() -> None:
    listener, told = Silero().listener(), list[float]()

    for window in noise(9, 3):
        listener.ask(window, speaking=True, told=told.append)
        await turns(3)
        assert len(told) == 1
        told.clear()
        await asyncio.sleep(0.032)


async def test_what_is_asked_soon_after_a_run_waits_for_others_and_no_longer_than_5_ms() -> None:
    silero, told = Silero(), list[float]()
    first, second, third = noise(10, 3)

    silero.listener().ask(first, speaking=True, told=told.append)
    await turns(3)
    silero.listener().ask(second, speaking=True, told=told.append)
    await turns(3)
    silero.listener().ask(third, speaking=True, told=told.append)
    await turns(3)
    assert len(told) == 1
    await asyncio.sleep(GATHER_S)

    assert len(told) == 3


async def test_a_lump_of_audio_is_detected_window_by_window_in_order() -> None:
    chance = np.random.default_rng(8)
    pcm = (chance.normal(0, 3_000, 512 * WINDOWS)).astype("<i2").tobytes()
    seen: list[bytes] = []
    endpointer = Endpointer(window_ms=32, hangover_ms=400)
    detection = Detection(Silero().listener(), endpointer, lambda window, mark: seen.append(window))

    detection.push(pcm[:100])
    detection.push(pcm[100:])
    await turns(WINDOWS + 1)

    assert b"".join(seen) == pcm
    assert {len(window) for window in seen} == {WINDOW_BYTES}


async def test_nothing_is_told_of_a_call_that_has_ended() -> None:
    seen: list[bytes] = []
    endpointer = Endpointer(window_ms=32, hangover_ms=400)
    detection = Detection(Silero().listener(), endpointer, lambda window, mark: seen.append(window))

    detection.push(b"\x00\x10" * 512)
    detection.close()
    await turns(3)

    assert seen == []
