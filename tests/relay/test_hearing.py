"""What the ears of a call keep of its sound, and for how long."""

import asyncio
import sys

import pytest

from adapters.scripted import ScriptedHearing
from core.agents import SpeechSpec
from core.speech import FRAME_BYTES
from media_relay.hearing import Hearer
from tests.virtual_time import VIRTUAL


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def test_ears_that_are_stopped_keep_no_sound_and_take_none():
    pcm = bytes(bytearray(FRAME_BYTES))
    unheld = sys.getrefcount(pcm)
    async with asyncio.TaskGroup() as tasks:
        ears = Hearer(
            ScriptedHearing(),
            on_event=lambda event: None,
            on_stumble=lambda cause: None,
            on_lost=lambda: None,
        )
        ears.start(tasks, SpeechSpec())
        for n in range(20):
            ears.push(pcm, f"{n}", n * 0.02)
            await asyncio.sleep(0.02)
        kept = sys.getrefcount(pcm) - unheld
        ears.stop()
        ears.push(pcm, "20", 0.4)
        await asyncio.sleep(0.1)

    assert kept >= 20
    assert sys.getrefcount(pcm) <= unheld + 1  # an engine may still look at the last frame
