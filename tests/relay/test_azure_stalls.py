"""Azure's ears stall in real calls: other ears go on, or the caller is told; noise ends no call."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from adapters.azure_speech import AzureHearing
from adapters.fallback import HearingChain
from adapters.scripted import ScriptedChat, ScriptedHearing
from adapters.voiced import VoicedHearing
from core.errors import Cause
from core.facts import EngineStumbled, HangUpRequested
from core.ports import Hearing
from core.speech import BYTES_PER_MS
from localdev.emulators.azure_speech import Drop, Fault, Hang, SpeechEmulator
from tests.engines.azure_service import account_at, until
from tests.engines.test_voiced import LevelListener
from tests.relay.calls import scenario
from tests.relay.stations import Station, relaying
from tests.relay.test_azure_faults import OwnAgents, OwnEars, echo, talking

NOISE = b"\x00\x20" * (200 * BYTES_PER_MS // 2) + bytes(600 * BYTES_PER_MS)
CONNECT_S = 2.0


async def voiced(
    stack: AsyncExitStack,
    faults: Iterable[Fault | None],
    engine: Hearing | None = None,
    *,
    slow_s: float = 0.2,
) -> tuple[SpeechEmulator, Hearing]:
    """Return ears of Azure, with a voice detector, and the service that has these faults."""
    service = SpeechEmulator(hearing=engine, hearing_faults=faults)
    await stack.enter_async_context(service)
    azure = AzureHearing(account_at(service), slow_s=slow_s, connect_s=CONNECT_S)
    stack.push_async_callback(azure.aclose)
    return service, VoicedHearing(azure, load=lambda: LevelListener)


def chained(ears: Hearing) -> Hearing:
    return HearingChain([("azure", ears), ("spare", ScriptedHearing())])


# What stalls, after the first sentence was understood or before, and how it is found out.
STALLS: dict[str, list[Fault | None]] = {
    "at-once": [Hang()],
    "in-mid-call": [Hang(after_ms=3_000)],
    "connecting-again": [Drop(after_ms=3_000), Hang(connected=False)],
}


async def test_ears_that_stall_are_replaced_within_a_few_utterances() -> None:
    async def call(station: Station, name: str) -> None:
        async with station.dialled(name) as carrier, talking(carrier, insisting=True, every=40):
            if not name.startswith("at-once"):
                await carrier.hears("You said Hello there.")
            stumbled = await station.control.until(EngineStumbled, name)
            carrier.heard = b""
            await carrier.hears("You said")
        assert (stumbled.engine, stumbled.cause) == ("hearing", Cause.TIMEOUT)

    async with AsyncExitStack() as stack:
        ears: dict[str, Hearing] = {}
        for name, faults in STALLS.items():
            _, alone = await voiced(stack, faults)
            _, first = await voiced(stack, faults)
            ears |= {name: alone, f"{name}-in-a-chain": chained(first)}
        control, chat = OwnAgents(scenario()), ScriptedChat(echo)
        async with relaying(hearing=OwnEars(ears), chat=chat, control=control) as station:
            await asyncio.gather(*(call(station, name) for name in ears))


async def test_a_caller_whom_no_ears_hear_any_more_is_told_so() -> None:
    async with AsyncExitStack() as stack:
        _, ears = await voiced(stack, [Hang()] * 9)
        async with relaying(hearing=ears) as station, station.dialled() as carrier:
            async with talking(carrier, insisting=True, every=40):
                await carrier.hears("technical problem")
                ended = await station.control.until(HangUpRequested)
            stumbled = station.control.facts(EngineStumbled)

    assert ended.by == "fault"
    assert {each.cause for each in stumbled} == {Cause.TIMEOUT}


async def test_noise_that_the_service_ignores_neither_ends_a_call_nor_blames_its_ears() -> None:
    async with AsyncExitStack() as stack:
        deaf_to_noise = ScriptedHearing(onset_ms=400)
        service, ears = await voiced(stack, [], deaf_to_noise, slow_s=0)
        async with relaying(hearing=ears, chat=ScriptedChat(echo)) as station:
            async with station.dialled() as carrier:
                async with talking(carrier, NOISE * 3, insisting=True, every=40):
                    await carrier.hears("Hi.")
                    await until(lambda: len(service.heard) > 3)  # ears took over three times
                async with talking(carrier):
                    await carrier.hears("You said Hello there.")
            stumbled = station.control.facts(EngineStumbled)

    assert stumbled == []
