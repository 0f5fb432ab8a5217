"""Embedded hearing with a detector and a recognizer of the test's own: order, load, faults."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from adapters.embedded.hearing import (
    MAX_EVENTS,
    MAX_UNFINISHED,
    HearingModels,
    MoonshineHearing,
    MoonshineStream,
)
from adapters.embedded.pcm import Samples
from adapters.embedded.utterance import LONGEST_PIECE_MS, PIECE_MS, believable
from core.errors import Cause, EngineFailed
from core.speech import (
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
)

WINDOW = 512


def sound(ms: int, level: int = 8_000) -> bytes:
    return np.full(ms * 16, level, "<i2").tobytes()


def silence(ms: int) -> bytes:
    return bytes(ms * 32)


class LevelListener:
    """Calls loud windows speech."""

    def ask(self, window: Samples, *, speaking: bool, told: object) -> float:
        return 1.0 if float(np.abs(window).mean()) > 0.1 else 0.0


class NamingRecognizer:
    """Says each level once: sound at level 8000 is "8". `held` keeps it from answering."""

    def __init__(self) -> None:
        self.held = threading.Event()
        self.held.set()
        self.lengths_ms: list[int] = []

    def transcribe(self, samples: Samples, *, stopped: Callable[[], bool]) -> str:
        assert self.held.wait(60)
        self.lengths_ms.append(len(samples) // 16)
        levels = np.rint(samples * 32.768).astype(int)
        changes = np.flatnonzero(np.diff(levels, prepend=0))
        return " ".join(str(levels[at]) for at in changes if levels[at])


class CrashingRecognizer:
    def transcribe(self, samples: Samples, *, stopped: Callable[[], bool]) -> str:
        raise ArithmeticError("bad tensor")


def engine(recognizer: Any) -> MoonshineHearing:
    models = HearingModels(recognizer=recognizer, listener=LevelListener)
    return MoonshineHearing(load=lambda _: models, threads=1)


@contextmanager
def held(recognizer: NamingRecognizer) -> Iterator[None]:
    recognizer.held.clear()
    try:
        yield
    finally:
        recognizer.held.set()


async def until_final(stream: MoonshineStream, count: int = 1) -> list[HearingEvent]:
    events: list[HearingEvent] = []
    async with asyncio.timeout(60):
        async for event in stream.events():
            events.append(event)
            count -= isinstance(event, FinalHeard | HearingFailed)
            if not count:
                break
    return events


def kinds(events: list[HearingEvent]) -> list[type]:
    return [type(event) for event in events if not isinstance(event, PartialHeard)]


async def test_an_utterance_begins_stops_and_gets_its_words() -> None:
    hearing = engine(NamingRecognizer())
    stream = await hearing.open(HearingConfig(hangover_ms=400))

    stream.push(silence(640) + sound(960) + silence(800))

    events = await until_final(stream)
    await stream.aclose()
    await hearing.aclose()
    assert kinds(events) == [SpeechStarted, SpeechStopped, FinalHeard]
    assert events[0] == SpeechStarted(at_ms=640)
    assert events[-1] == FinalHeard(text="8", start_ms=640, end_ms=1_600, decided_ms=2_016)


async def test_the_final_is_decoded_in_the_pause_once_and_not_again() -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    stream = await hearing.open(HearingConfig(hangover_ms=400))

    stream.push(sound(192) + silence(250))
    events = stream.events()
    async with asyncio.timeout(60):
        started, guess = await anext(events), await anext(events)
    stream.push(silence(300))

    stopped, final = await anext(events), await anext(events)
    await hearing.aclose()
    assert isinstance(started, SpeechStarted)
    assert isinstance(guess, PartialHeard)
    assert isinstance(stopped, SpeechStopped)
    assert isinstance(final, FinalHeard)
    assert len(recognizer.lengths_ms) == 1


async def test_a_pause_does_not_end_the_utterance_when_speech_goes_on() -> None:
    hearing = engine(NamingRecognizer())
    stream = await hearing.open(HearingConfig(hangover_ms=400))

    stream.push(sound(640) + silence(288) + sound(640, 9_000) + silence(600))

    events = await until_final(stream)
    await hearing.aclose()
    assert kinds(events) == [SpeechStarted, SpeechStopped, FinalHeard]
    assert isinstance(events[-1], FinalHeard)
    assert events[-1].text == "8 9"


async def test_finals_go_before_partials_and_partials_are_skipped_under_load() -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    busy = await hearing.open(HearingConfig())
    talking = await hearing.open(HearingConfig())

    with held(recognizer):
        busy.push(sound(640) + silence(600))
        talking.push(sound(3_200))
        talking.push(silence(600))
    events = await until_final(talking)

    await hearing.aclose()
    assert PartialHeard not in [type(event) for event in events[:-2]]
    assert isinstance(events[-1], FinalHeard)


async def test_partials_come_while_he_speaks() -> None:
    hearing = engine(NamingRecognizer())
    stream = await hearing.open(HearingConfig())
    events = stream.events()

    stream.push(sound(640))

    async with asyncio.timeout(60):
        assert isinstance(await anext(events), SpeechStarted)
        assert await anext(events) == PartialHeard(text="8", start_ms=0, end_ms=512)
    await stream.aclose()
    await hearing.aclose()


async def test_a_barge_in_is_told_at_once_and_finals_keep_their_order() -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    stream = await hearing.open(HearingConfig())

    with held(recognizer):
        stream.push(sound(640) + silence(600) + sound(640, 9_000) + silence(600))
    events = await until_final(stream, 2)

    await hearing.aclose()
    finals = [event.text for event in events if isinstance(event, FinalHeard)]
    assert finals == ["8", "9"]


@pytest.mark.parametrize("pause_ms", [0, 256])
async def test_a_long_speech_is_recognised_in_pieces_and_told_as_one(pause_ms: int) -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    stream = await hearing.open(HearingConfig())
    long_ms = LONGEST_PIECE_MS if not pause_ms else PIECE_MS

    stream.push(sound(long_ms + 320) + silence(pause_ms) + sound(3_200, 9_000) + silence(600))

    events = await until_final(stream)
    await hearing.aclose()
    assert isinstance(events[-1], FinalHeard)
    assert set(events[-1].text.split()) == {"8", "9"}
    assert max(recognizer.lengths_ms) <= LONGEST_PIECE_MS


async def test_a_crash_of_the_recognizer_is_an_event_and_not_silence() -> None:
    hearing = engine(CrashingRecognizer())
    stream = await hearing.open(HearingConfig())

    stream.push(sound(640) + silence(600))

    events = await until_final(stream)
    rest = [event async for event in stream.events()]
    await hearing.aclose()
    assert isinstance(events[-1], HearingFailed)
    assert events[-1].error.cause is Cause.LOST
    assert rest == []


async def test_a_machine_that_cannot_keep_up_says_so() -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    stream = await hearing.open(HearingConfig())

    with held(recognizer):
        stream.push((sound(320) + silence(600)) * (MAX_UNFINISHED + 1))
    events = [event async for event in stream.events()]

    await hearing.aclose()
    assert isinstance(events[-1], HearingFailed)
    assert events[-1].error.cause is Cause.THROTTLED


async def test_events_that_nobody_fetches_do_not_pile_up_for_ever() -> None:
    hearing = engine(NamingRecognizer())
    stream = await hearing.open(HearingConfig())

    for _ in range(MAX_EVENTS):
        stream.push(sound(96) + silence(480))
        await asyncio.sleep(0)
    events = [event async for event in stream.events()]

    await hearing.aclose()
    assert isinstance(events[-1], HearingFailed)
    assert len(events) <= MAX_EVENTS + 1


async def test_closing_is_instant_and_nothing_is_heard_afterwards() -> None:
    recognizer = NamingRecognizer()
    hearing = engine(recognizer)
    stream = await hearing.open(HearingConfig())

    with held(recognizer):
        stream.push(sound(640) + silence(600))
        await stream.aclose()
        stream.push(sound(640))
        events = [event async for event in stream.events()]
    await hearing.aclose()

    assert events == []


async def test_closing_the_engine_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    hearing = engine(NamingRecognizer())
    await hearing.warm()

    await hearing.aclose()

    after = {thread for thread in threading.enumerate() if thread.name.startswith("hearing-")}
    assert not after - before


async def test_another_language_is_refused() -> None:
    hearing = engine(NamingRecognizer())

    with pytest.raises(EngineFailed, match="hears English"):
        await hearing.open(HearingConfig(language="de-DE"))


@pytest.mark.parametrize(
    ("text", "speech_ms", "expected"),
    [
        ("Thank you.", 200, False),
        ("Thank you.", 600, True),
        ("You", 100, False),
        ("Yes.", 100, True),
        (" ... ", 900, False),
    ],
)
def test_what_the_model_makes_of_a_cough_is_not_believed(
    text: str, speech_ms: int, expected: bool
) -> None:
    assert believable(text, speech_ms) is expected
