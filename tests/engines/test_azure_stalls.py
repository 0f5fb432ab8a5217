"""Ears that stop telling anything in mid-call are found out; ears that heard only noise are not."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from adapters.azure_speech import AzureHearing
from adapters.azure_speech.stream import AzureStream
from adapters.scripted import ScriptedHearing, spoken
from core.errors import Cause
from core.ports import Hearing
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
)
from localdev.emulators.azure_speech import Babble, Drop, Fault, Hang, SpeechEmulator
from tests.engines.azure_service import OpenLine, account_at, until

NOISE_MS = 200
NOISE = b"\x00\x20" * (NOISE_MS * BYTES_PER_MS // 2)
SECOND = bytes(32_000)
WORDLESS = {
    "RecognitionStatus": "Success",
    "DisplayText": "Hello there.",
    "Offset": 0,
    "Duration": 1_000_000,
    "NBest": [{"Confidence": "high", "Words": [{}]}],
}


@asynccontextmanager
async def hearing_at(
    faults: Iterable[Fault | None] = (),
    *,
    engine: Hearing | None = None,
    slow_s: float = 0.0,
    connect_s: float = 60.0,
) -> AsyncIterator[tuple[SpeechEmulator, AzureHearing, AzureStream]]:
    async with SpeechEmulator(hearing=engine, hearing_faults=faults) as service:
        hearing = AzureHearing(account_at(service), slow_s=slow_s, connect_s=connect_s)
        stream = await hearing.open(HearingConfig())
        await until(lambda: stream.connected)
        try:
            yield service, hearing, stream
        finally:
            await stream.aclose()
            await hearing.aclose()


async def heard(stream: AzureStream, kind: type[HearingEvent]) -> HearingEvent:
    async with asyncio.timeout(60):
        async for event in stream.events():
            if isinstance(event, kind | HearingFailed):
                break
    return event


async def insist(stream: AzureStream) -> HearingEvent:
    """Say a sentence again and again, until it is understood or cannot be; return how it ended."""
    outcome = asyncio.create_task(heard(stream, FinalHeard))
    while not outcome.done():
        stream.push(spoken("Hello there."))
        stream.finalize()
        await asyncio.wait({outcome}, timeout=0.1)
    return await outcome


@pytest.mark.parametrize("after_ms", [0, 5_000])
async def test_ears_that_tell_nothing_any_more_have_failed(after_ms: int) -> None:
    async with hearing_at([Hang(after_ms=after_ms)]) as (_, _, stream):
        if after_ms:
            stream.push(spoken("First."))
            stream.finalize()
            assert isinstance(await heard(stream, FinalHeard), FinalHeard)
            stream.push(bytes(after_ms * BYTES_PER_MS))
        outcome = await insist(stream)

    assert isinstance(outcome, HearingFailed)
    assert outcome.error.cause is Cause.TIMEOUT


async def test_noise_of_which_the_service_tells_nothing_is_no_failure() -> None:
    pushed_ms = 0
    async with hearing_at(engine=ScriptedHearing(onset_ms=400)) as (service, _, stream):
        for _ in range(7):
            stream.push(NOISE + SECOND)
            pushed_ms += NOISE_MS + 1_000
            stream.finalize()
            await until(lambda: stream.connected)
        stream.push(spoken("Hello there.", ms=600))
        with OpenLine(stream):
            final = await heard(stream, FinalHeard)
        await until(lambda: all(each.closed.is_set() for each in service.heard[:-1]))

    assert isinstance(final, FinalHeard)
    assert final.text == "Hello there."
    assert (final.start_ms, final.end_ms) == (pushed_ms, pushed_ms + 600)
    assert len(service.heard) > 1  # it was asked for a sign of life


async def test_what_is_said_while_other_ears_take_over_is_heard() -> None:
    async with hearing_at(engine=ScriptedHearing(onset_ms=400)) as (service, _, stream):
        for _ in range(2):
            stream.push(NOISE + SECOND)
            stream.finalize()
        stream.push(spoken("Hello there.", ms=600) + SECOND)
        final = await heard(stream, FinalHeard)

    assert isinstance(final, FinalHeard)
    assert (final.text, final.start_ms) == ("Hello there.", 2 * (NOISE_MS + 1_000))
    assert len(service.heard) == 2


async def test_ears_are_not_doubted_before_they_had_time_to_answer() -> None:
    async with hearing_at(engine=ScriptedHearing(onset_ms=400), slow_s=60) as (service, _, stream):
        for _ in range(5):
            stream.push(NOISE + SECOND)
            stream.finalize()
        stream.push(spoken("Hello there.", ms=600))
        with OpenLine(stream):
            await heard(stream, FinalHeard)

    assert len(service.heard) == 1


async def test_a_call_that_ends_while_other_ears_take_over_leaves_nothing() -> None:
    async with hearing_at([Hang()]) as (service, hearing, stream):
        for _ in range(2):
            stream.push(NOISE)
            stream.finalize()
        await stream.aclose()
        await hearing.aclose()
        left = [event async for event in stream.events()]

    assert left == []
    assert all(each.closed.is_set() for each in service.heard)


async def test_a_reconnection_that_does_not_come_is_a_failure_in_time() -> None:
    faults = [Drop(after_ms=600), Hang(connected=False)]
    async with hearing_at(faults, connect_s=2) as (service, _, stream):
        stream.push(spoken("Hello there."))
        with OpenLine(stream):
            outcome = await heard(stream, HearingFailed)

    assert isinstance(outcome, HearingFailed)
    assert outcome.error.cause is Cause.TIMEOUT
    assert len(service.heard) == 2


@pytest.mark.parametrize(
    "odd",
    [
        Babble(path="speech.odd", body="{}", after_ms=100),
        Babble(path="speech.hypothesis", body="[]", after_ms=100),
        Babble(path="speech.phrase", body="{not JSON", after_ms=100),  # the SDK connects again
        Babble(path="turn.end", after_ms=100),
        Babble(path="speech.phrase", body=json.dumps(WORDLESS), after_ms=100),
    ],
)
async def test_a_message_that_nobody_expects_is_no_failure(odd: Babble) -> None:
    async with hearing_at([odd]) as (_, _, stream):
        stream.push(spoken("Hello there."))
        with OpenLine(stream):
            final = await heard(stream, FinalHeard)

    assert isinstance(final, FinalHeard)
    assert final.text == "Hello there."
