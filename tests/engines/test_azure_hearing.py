"""The real Speech SDK hears: every setting on the wire, every failure as a value.

The service runs on the loop of the test, so whoever waited for it there would wait for ever.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from itertools import repeat

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.azure_speech import AzureHearing
from adapters.azure_speech.positions import Positions
from adapters.azure_speech.recognition import Began, Result
from adapters.scripted import ScriptedHearing, spoken
from core.errors import Cause
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    Word,
)
from localdev.emulators.azure_speech import (
    Answer,
    Close,
    Drop,
    EndTurn,
    Fault,
    Hang,
    Refuse,
    SpeechEmulator,
)
from tests.engines.azure_service import DEAF, OpenLine, account_at

SECOND = bytes(32_000)
SECOND_TICKS = 10_000_000


async def until[T: HearingEvent](
    events: AsyncIterator[HearingEvent], kind: type[T], count: int = 1
) -> list[HearingEvent]:
    seen: list[HearingEvent] = []
    async with asyncio.timeout(60):
        while sum(isinstance(event, kind) for event in seen) < count:
            seen.append(await anext(events))
    return seen


def finals(events: Iterable[HearingEvent]) -> list[FinalHeard]:
    return [event for event in events if isinstance(event, FinalHeard)]


async def heard_through(
    fault: Iterable[Fault | None], *, connect_s: float = 60, before: bytes = b""
) -> list[HearingEvent]:
    """Return what is heard of one sentence on a line that stays open, until final or failure.

    `before`: sound that comes before the sentence.
    """
    async with SpeechEmulator(hearing_faults=fault) as service:
        hearing = AzureHearing(account_at(service), connect_s=connect_s)
        stream = await hearing.open(HearingConfig())
        stream.push(before + spoken("Hello there."))
        with OpenLine(stream):
            seen = []
            async with asyncio.timeout(60):
                async for event in stream.events():
                    seen.append(event)
                    if isinstance(event, FinalHeard):
                        break
        await stream.aclose()
        await hearing.aclose()
    return seen


async def test_a_call_is_heard_as_its_agent_asks() -> None:
    config = HearingConfig(language="de-DE", hangover_ms=700, hints=("Contoso", "Tagesgeld"))
    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service), profanity="raw")
        stream = await hearing.open(config)
        stream.push(SECOND + spoken("Guten Tag.") + SECOND)
        seen = await until(stream.events(), FinalHeard)
        await hearing.aclose()

    context = service.heard[0].turns[0].context
    detection = context["phraseDetection"]
    assert detection["language"] == "de-DE"
    assert detection["enrichment"] == {"profanity": "raw"}
    assert detection["CONVERSATION"]["segmentation"] == {
        "mode": "Custom",  # what the SDK makes of "Time"
        "segmentationSilenceTimeoutMs": 700,
    }
    phrases = [item["Text"] for item in context["dgi"]["Groups"][0]["Items"]]
    assert phrases == ["Contoso", "Tagesgeld"]
    assert service.heard[0].headers["Ocp-Apim-Subscription-Key"] == "k" * 32
    final = finals(seen)[0]
    assert final.text == "Guten Tag."
    assert final.confidence == 0.93
    assert [word.text for word in final.words] == ["Guten", "Tag."]
    assert final.words[0].start_ms == final.start_ms == 1000
    assert final.words[-1].end_ms == final.end_ms


async def test_the_language_is_found_among_candidates_and_meaning_ends_an_utterance() -> None:
    config = HearingConfig(language="en-US", languages=("de-DE", "es-ES"), semantic=True)
    async with SpeechEmulator(language="es-ES") as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(config)
        stream.push(spoken("Hola, quisiera saber cuánto tengo en mi cuenta.") + SECOND)
        seen = await until(stream.events(), FinalHeard)
        await hearing.aclose()

    context = service.heard[0].turns[0].context
    assert context["languageId"]["languages"] == ["en-US", "de-DE", "es-ES"]
    assert context["languageId"]["mode"] == "DetectContinuous"
    assert context["phraseDetection"]["CONVERSATION"]["segmentation"]["mode"] == "Semantic"
    assert finals(seen)[0].language == "es-ES"
    assert {event.language for event in seen if isinstance(event, PartialHeard)} == {"es-ES"}


async def test_every_way_a_service_gives_up_is_a_failure_with_its_cause() -> None:
    outcomes = await asyncio.gather(*(heard_through(repeat(fault)) for fault in DEAF))

    failures = [seen[-1] for seen in outcomes]
    assert all(isinstance(failure, HearingFailed) for failure in failures)
    causes = [failure.error.cause for failure in failures if isinstance(failure, HearingFailed)]
    assert dict(zip(DEAF, causes, strict=True)) == DEAF


async def test_nobody_listening_at_the_address_is_a_failure() -> None:
    async with SpeechEmulator() as gone:
        account = account_at(gone)
    hearing = AzureHearing(account)

    stream = await hearing.open(HearingConfig())
    with OpenLine(stream):
        (failure,) = await until(stream.events(), HearingFailed)
    await hearing.aclose()

    assert isinstance(failure, HearingFailed)
    assert failure.error.cause is Cause.UNAVAILABLE


async def test_a_connection_that_does_not_come_is_a_failure_in_time() -> None:
    (failure,) = await heard_through([Hang(connected=False)], connect_s=0.1)

    assert isinstance(failure, HearingFailed)
    assert failure.error.cause is Cause.TIMEOUT


async def test_a_stumble_of_the_service_is_not_noticed() -> None:
    stumbles: list[list[Fault | None]] = [
        [Refuse(status=429), Refuse(status=429)],
        [Refuse(status=503)],
        [Drop(after_ms=300)],
        [Close(code=1011, after_ms=300)],
        [Close(code=1013, after_ms=300)],
        [Answer(status="TooManyRequests", after_ms=300)],
        [Answer(status="Error", after_ms=300)],
    ]

    outcomes = await asyncio.gather(*(heard_through(each) for each in stumbles))

    for seen in outcomes:
        assert [final.text for final in finals(seen)] == ["Hello there."]
        assert sum(isinstance(event, SpeechStarted) for event in seen) == 1


async def test_positions_go_on_when_the_service_begins_another_turn() -> None:
    async with SpeechEmulator(hearing_faults=[EndTurn(after_ms=3_000)]) as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig())
        events = stream.events()
        stream.push(SECOND + spoken("First.", ms=500) + SECOND)
        first = finals(await until(events, FinalHeard))[0]
        stream.push(SECOND * 2 + spoken("Second.", ms=500))
        with OpenLine(stream):
            second = finals(await until(events, FinalHeard))[0]
        await hearing.aclose()

    assert len(service.heard[0].turns) == 2
    assert "continuation" in service.heard[0].turns[1].context
    assert (first.start_ms, second.start_ms) == (1_000, 4_500)
    assert second.words == (Word(text="Second.", start_ms=4_500, end_ms=5_000),)


async def test_a_failed_stream_takes_no_more_audio_and_says_nothing_more() -> None:
    async with SpeechEmulator(hearing_faults=repeat(Close(code=1007, after_ms=100))) as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig())
        stream.push(spoken("Hello there."))
        seen = [event async for event in stream.events()]
        heard = [len(turn.audio) for each in service.heard for turn in each.turns]
        stream.push(SECOND)
        stream.finalize()
        await hearing.aclose()

    assert isinstance(seen[-1], HearingFailed)
    assert [len(turn.audio) for each in service.heard for turn in each.turns] == heard


async def test_a_stream_is_dropped_at_once_though_the_service_answers_nothing() -> None:
    async with SpeechEmulator(hearing_faults=[Hang()]) as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig())
        stream.push(spoken("Hello there.") + SECOND)
        async with asyncio.timeout(60):
            await stream.aclose()
            left = [event async for event in stream.events()]
            await hearing.aclose()

    assert left == []
    assert service.heard[0].closed.is_set()


async def test_a_call_that_ends_while_its_ears_are_made_leaves_nothing() -> None:
    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service))
        opening = asyncio.ensure_future(hearing.open(HearingConfig()))
        await asyncio.wait({opening}, timeout=0)
        opening.cancel()
        await asyncio.wait({opening})
        await hearing.aclose()

    assert opening.cancelled()
    assert all(seen.closed.is_set() for seen in service.heard)


async def test_an_utterance_can_be_finalized_before_the_service_would() -> None:
    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig(hangover_ms=5_000))
        events = stream.events()
        stream.push(SECOND * 6 + spoken("Yes please.", ms=600))
        await until(events, PartialHeard)
        stream.finalize()
        (_, first) = (await until(events, FinalHeard))[-2:]
        stream.push(SECOND + spoken("Now.", ms=400))
        await until(events, PartialHeard)
        stream.finalize()
        (stopped, second) = (await until(events, FinalHeard))[-2:]
        await hearing.aclose()

    assert isinstance(first, FinalHeard)
    assert isinstance(second, FinalHeard)
    assert (first.text, first.start_ms, first.decided_ms) == ("Yes please.", 6_000, 6_600)
    assert (second.text, second.start_ms, second.decided_ms) == ("Now.", 7_600, 8_000)
    assert stopped == SpeechStopped(speech_end_ms=8_000, decided_ms=8_000)
    assert service.heard[0].turns[0].commits >= 1  # the second may still be on its way


async def test_the_connection_is_there_before_anybody_has_said_anything() -> None:
    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig())
        async with asyncio.timeout(60):
            await service.hears.wait()
        turns = list(service.heard[0].turns)
        await stream.aclose()
        await hearing.aclose()

    assert turns == []  # connected, and no audio sent


async def test_what_the_service_makes_of_noise_ends_no_call() -> None:
    for status in ("NoMatch", "BabbleTimeout", "InitialSilenceTimeout"):
        noise = [Answer(status=status, after_ms=100)]
        seen = await heard_through(noise, before=SECOND)
        assert [final.text for final in finals(seen)] == ["Hello there."]


async def test_a_silence_that_is_told_late_does_not_end_what_is_being_said() -> None:
    """The SDK tells of starts and of results on threads of its own, in no order."""
    silence = Result(kind="no_match", json="{}", offset=0, duration=0)
    hello = json.dumps({"DisplayText": "Hello there."})
    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service))
        stream = await hearing.open(HearingConfig())
        stream.push(SECOND * 2)
        stream.take(Began(offset=SECOND_TICKS))
        stream.take(silence)
        stream.take(Result(kind="final", json=hello, offset=SECOND_TICKS, duration=SECOND_TICKS))
        seen = await until(stream.events(), FinalHeard)
        await hearing.aclose()

    assert [type(event) for event in seen] == [SpeechStarted, SpeechStopped, FinalHeard]
    assert finals(seen)[0].text == "Hello there."


async def test_noise_is_an_utterance_without_words_and_a_long_silence_is_none() -> None:
    noise = bytes(range(256)) * 125
    async with SpeechEmulator(hearing_faults=[Answer(status="InitialSilenceTimeout")]) as service:
        hearing = AzureHearing(account_at(service))
        quiet = await hearing.open(HearingConfig())
        quiet.push(SECOND)
        noisy = await hearing.open(HearingConfig())
        noisy.push(SECOND + noise + SECOND)
        seen = await until(noisy.events(), FinalHeard)
        await quiet.aclose()
        silence = [event async for event in quiet.events()]
        await hearing.aclose()

    assert [type(event) for event in seen] == [SpeechStarted, SpeechStopped, FinalHeard]
    assert finals(seen)[0].text == ""
    assert silence == []


async def test_ten_calls_at_a_time_never_hear_each_other() -> None:
    names = "zero one two three four five six seven eight nine".split()

    async def call(hearing: AzureHearing, name: str) -> list[str]:
        stream = await hearing.open(HearingConfig())
        for _ in range(2):
            stream.push(SECOND + spoken(f"My name is {name}.") + SECOND)
        seen = await until(stream.events(), FinalHeard, 2)
        await stream.aclose()
        return [final.text for final in finals(seen)]

    async with SpeechEmulator(hearing=ScriptedHearing()) as service:
        hearing = AzureHearing(account_at(service))
        heard = await asyncio.gather(*(call(hearing, name) for name in names))
        await hearing.aclose()

    assert heard == [[f"My name is {name}."] * 2 for name in names]
    assert len(service.heard) == 10


@given(
    parts=st.lists(st.tuples(st.booleans(), st.integers(0, 3_000)), max_size=12),
    begin=st.integers(0, 10_000),
    data=st.data(),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_a_position_of_the_stream_is_that_of_the_callers_audio(
    parts: list[tuple[bool, int]], begin: int, data: st.DataObject
) -> None:
    positions, clock = Positions(begin), [begin]  # the caller's clock at every ms of the stream
    for ours, ms in parts:
        (positions.insert if ours else positions.push)(bytes(ms * BYTES_PER_MS))
        for _ in range(ms):
            clock.append(clock[-1] + (0 if ours else 1))
    at = data.draw(st.integers(0, len(clock) - 1))

    assert positions.of(at) == clock[at]
    assert positions.now_ms == clock[-1]
