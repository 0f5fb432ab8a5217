"""A service's ears with a voice detector of our own: pauses told at once, finals on demand."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from adapters.azure_speech import AzureHearing
from adapters.embedded.pcm import Samples
from adapters.scripted import ScriptedHearing, spoken
from adapters.voiced import VoicedHearing
from core.errors import Cause, EngineError, EngineFailed
from core.speech import (
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)
from localdev.emulators.azure_speech import SpeechEmulator
from tests.engines.azure_service import account_at

PATIENT = HearingConfig(patient=True, hangover_ms=5_000)
FRAME = 640


class LevelListener:
    """Calls whatever is not silent speech."""

    def ask(self, window: Samples, *, speaking: bool, told: object) -> float:
        return 1.0 if float(np.abs(window).max()) > 0 else 0.0


def missing() -> type[LevelListener]:
    raise EngineFailed(EngineError(cause=Cause.UNAVAILABLE, detail="no model"))


def silence(ms: int) -> bytes:
    return bytes(ms * 32)


async def collect(events, until: type, count: int = 1) -> list[HearingEvent]:
    seen: list[HearingEvent] = []
    async with asyncio.timeout(60):
        while sum(isinstance(event, until) for event in seen) < count:
            seen.append(await anext(events))
    return seen


async def test_the_final_comes_as_soon_as_it_is_asked_for_not_when_the_service_is_sure() -> None:
    async with SpeechEmulator() as service:
        hearing = VoicedHearing(AzureHearing(account_at(service)), load=lambda: LevelListener)
        stream = await hearing.open(PATIENT)
        events = stream.events()

        stream.push(silence(1_000) + spoken("Yes please.", ms=640) + silence(200))
        paused = await collect(events, SpeechPaused)
        stream.finalize()
        last = await collect(events, FinalHeard)
        await stream.aclose()
        await hearing.aclose()

    kinds = [type(e) for e in (*paused, *last) if not isinstance(e, PartialHeard)]
    assert kinds == [SpeechStarted, SpeechPaused, FinalHeard]
    final = last[-1]
    assert isinstance(final, FinalHeard)
    assert final.text == "Yes please."
    assert final.end_ms <= 1_700


async def test_pauses_and_what_follows_them_are_told_by_the_detector() -> None:
    hearing = VoicedHearing(ScriptedHearing(), load=lambda: LevelListener)
    stream = await hearing.open(PATIENT)

    stream.push(spoken("one", ms=320) + silence(320) + spoken("two", ms=320) + silence(320))
    seen = await collect(stream.events(), SpeechPaused, 2)
    await stream.aclose()

    marks = [type(e) for e in seen if not isinstance(e, PartialHeard)]
    # The scripted engine tells its own pauses too; the order of each is what matters.
    assert marks.index(SpeechStarted) == 0
    assert SpeechResumed in marks
    assert SpeechStopped not in marks


class Failing:
    """A stream that fails by an exception of its own, not by an event."""

    def push(self, pcm: bytes) -> None: ...

    def finalize(self) -> None: ...

    async def events(self) -> AsyncIterator[HearingEvent]:
        raise EngineFailed(EngineError(cause=Cause.LOST, detail="gone"))
        yield

    async def aclose(self) -> None: ...


class FailingHearing(ScriptedHearing):
    async def open(self, config: HearingConfig) -> Failing:  # type: ignore[override]
        return Failing()


async def test_a_service_that_fails_without_an_event_is_told_as_one() -> None:
    hearing = VoicedHearing(FailingHearing(), load=lambda: LevelListener)
    stream = await hearing.open(PATIENT)

    async with asyncio.timeout(10):
        seen = [event async for event in stream.events()]
    await stream.aclose()

    assert [event.error.cause for event in seen if isinstance(event, HearingFailed)] == [Cause.LOST]


@pytest.mark.parametrize("patient", [True, False])
async def test_without_the_detectors_model_the_service_decides(patient: bool) -> None:
    hearing = VoicedHearing(ScriptedHearing(), load=missing)
    stream = await hearing.open(HearingConfig(patient=patient, hangover_ms=400))

    stream.push(spoken("one", ms=320) + silence(600))
    seen = await collect(stream.events(), FinalHeard)
    await stream.aclose()

    assert [type(e) for e in seen if not isinstance(e, PartialHeard)] == [
        SpeechStarted,
        SpeechStopped,
        FinalHeard,
    ]
