"""What the ears of a call keep of its sound, and for how long."""

import asyncio
import sys

import pytest

from adapters.scripted import ScriptedHearing, spoken
from core.agents import SpeechSpec
from core.endpointing import EndpointSettings
from core.speech import FRAME_BYTES, SpeechStopped
from media_relay.hearing import Hearer, config_of
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


@pytest.mark.parametrize(
    ("text", "speech", "wait_ms"),
    [
        ("What is my balance?", SpeechSpec(min_silence_ms=1_500), 1_500),
        ("My name is", SpeechSpec(max_silence_ms=260), 260),
        ("My name is", SpeechSpec(endpointing="fixed"), 400),
        ("My name is", SpeechSpec(), 1_000),
    ],
)
async def test_the_next_agent_waits_as_it_wants_to(text, speech, wait_ms):
    told = []
    async with asyncio.TaskGroup() as tasks:
        ears = Hearer(
            ScriptedHearing(),
            on_event=told.append,
            on_stumble=lambda cause: None,
            on_lost=lambda: None,
        )
        ears.start(tasks, SpeechSpec())
        await asyncio.sleep(0.1)
        ears.start(tasks, speech)
        sound = spoken(text) + bytes(3_000 * 32)
        for n in range(len(sound) // FRAME_BYTES):
            pcm = sound[n * FRAME_BYTES : (n + 1) * FRAME_BYTES]
            ears.push(pcm, f"{n}", n * 0.02)
            await asyncio.sleep(0.02)
        ears.stop()

    stopped = next(event for event in told if isinstance(event, SpeechStopped))
    assert wait_ms <= stopped.decided_ms - stopped.speech_end_ms <= wait_ms + 60


def test_what_is_speech_is_said_by_the_agent_or_by_the_relay():
    relays = EndpointSettings(threshold=0.7)

    assert config_of(SpeechSpec(), relays).threshold == 0.7
    assert config_of(SpeechSpec(vad_threshold=0.3), relays).threshold == 0.3
    assert config_of(SpeechSpec()).threshold == 0.5
