"""A recognizer's connection is open before its caller speaks, and is never the worse for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path

import pytest

from adapters.azure_speech import AzureHearing
from adapters.azure_speech.recognition import Recognition
from adapters.fallback import HearingChain
from adapters.scripted import ScriptedHearing
from adapters.voiced import VoicedHearing
from core.agents import SpeechSpec
from core.errors import Cause
from core.ports import Preparing
from core.speech import FinalHeard, HearingConfig, HearingFailed
from localdev.emulators.azure_speech import Fault, Forget, Refuse, SpeechEmulator
from media_relay.app import serve
from media_relay.hearing import config_of
from tests.engines.azure_service import account_at, heard, until
from tests.engines.test_voiced import missing
from tests.relay.calls import MemoryControl, agent, scenario
from tests.relay.stations import relaying
from tests.relay.test_process import control_plane, environment

CONFIG = HearingConfig(hints=("Contoso",))


@asynccontextmanager
async def azure(service: SpeechEmulator, *, spare_s: float = 100.0) -> AsyncIterator[AzureHearing]:
    hearing = AzureHearing(account_at(service), spare_s=spare_s)
    try:
        yield hearing
    finally:
        await hearing.aclose()


async def connections(service: SpeechEmulator, count: int) -> None:
    """Wait until so many recognizers have introduced themselves."""
    await until(lambda: len([each for each in service.heard if each.config]) >= count)


def spares(hearing: AzureHearing) -> list[Recognition]:
    places = hearing._spares._places.values()
    return [place.spare for place in places if place.spare is not None]


async def spared(hearing: AzureHearing) -> None:
    """Wait until a spare is there, and its connection open."""
    await until(lambda: any(each.connected for each in spares(hearing)))


async def first_gone(service: SpeechEmulator, hearing: AzureHearing) -> None:
    """Wait until the first connection is over, and the SDK knows; it may have tried again."""
    await until(lambda: service.heard and service.heard[0].closed.is_set())
    await until(
        lambda: any(
            each.broken or (each.connected and len(service.heard) > 1) for each in spares(hearing)
        )
    )


async def test_a_caller_gets_the_connection_that_was_open_and_the_next_one_another() -> None:
    async with SpeechEmulator() as service, azure(service) as hearing:
        await hearing.prepare(CONFIG)
        await spared(hearing)

        finals = [await heard(hearing, CONFIG)]
        await spared(hearing)
        finals.append(await heard(hearing, CONFIG))

    assert [final.text for final in finals if isinstance(final, FinalHeard)] == ["Hello there."] * 2
    assert [len(each.turns) for each in service.heard[:2]] == [1, 1]
    groups = service.heard[0].turns[0].context["dgi"]["Groups"]
    assert groups[0]["Items"] == [{"Text": "Contoso"}]


async def test_what_the_service_is_not_told_makes_no_other_spare_necessary() -> None:
    async with SpeechEmulator() as service, azure(service) as hearing:
        await hearing.prepare(CONFIG)
        await spared(hearing)

        own = HearingConfig(hints=("Contoso",), patient=True, dropped=1, threshold=0.7)
        await heard(hearing, own)

    assert len(service.heard[0].turns) == 1


async def test_who_is_heard_otherwise_gets_a_connection_of_his_own() -> None:
    async with SpeechEmulator() as service, azure(service) as hearing:
        await hearing.prepare(CONFIG)
        await spared(hearing)

        await heard(hearing, HearingConfig(language="de-DE"))

    first, second = service.heard
    assert not first.turns
    assert second.turns[0].context["phraseDetection"]["language"] == "de-DE"


@pytest.mark.parametrize("fault", [Refuse(status=401), Refuse(status=503), Forget()])
async def test_a_spare_that_went_wrong_harms_nobody(fault: Fault) -> None:
    async with SpeechEmulator(hearing_faults=[fault]) as service, azure(service) as hearing:
        await hearing.prepare(CONFIG)
        await first_gone(service, hearing)

        assert isinstance(await heard(hearing, CONFIG), FinalHeard)


async def test_what_is_wrong_with_the_account_is_said_when_somebody_is_to_be_heard() -> None:
    refused = repeat(Refuse(status=401))
    async with SpeechEmulator(hearing_faults=refused) as service, azure(service) as hearing:
        await hearing.prepare(CONFIG)
        await first_gone(service, hearing)

        failed = await heard(hearing, CONFIG)

    assert isinstance(failed, HearingFailed)
    assert failed.error.cause is Cause.AUTH


async def test_a_spare_is_renewed() -> None:
    async with SpeechEmulator() as service, azure(service, spare_s=0.2) as hearing:
        await hearing.prepare(CONFIG)
        await connections(service, 3)
        await service.heard[0].closed.wait()

    assert all(each.closed.is_set() for each in service.heard)


async def test_only_the_last_ways_have_a_spare() -> None:
    async with SpeechEmulator() as service, azure(service) as hearing:
        for count, language in enumerate(("en-US", "de-DE", "es-ES"), start=1):
            await hearing.prepare(HearingConfig(language=language))
            await connections(service, count)
        await service.heard[0].closed.wait()
        left = [each.closed.is_set() for each in service.heard]

    assert left == [True, False, False]
    assert all(each.closed.is_set() for each in service.heard)


async def test_a_chain_and_a_detector_pass_on_who_is_expected() -> None:
    async with SpeechEmulator() as service, azure(service) as hearing:
        voiced = VoicedHearing(hearing, load=missing)
        chain = HearingChain([("azure", voiced), ("spare", ScriptedHearing())])
        assert isinstance(chain, Preparing)

        await chain.prepare(CONFIG)
        await connections(service, 1)


async def test_a_relay_that_has_a_call_expects_another_of_its_kind() -> None:
    speech = SpeechSpec(language="de-DE", hints=("Tagesgeld",))
    control = MemoryControl(scenario(agent("Ann", greeting="Hi.", speech=speech)))
    async with SpeechEmulator() as service, azure(service) as hearing:
        relay = relaying(hearing=hearing, control=control)
        async with relay as station, station.dialled() as carrier:
            await carrier.hears("Hi.")
            await connections(service, 2)
            await spared(hearing)
        assert not any(each.turns for each in service.heard)

        final = await heard(hearing, config_of(speech))

    assert isinstance(final, FinalHeard)
    (used,) = [each for each in service.heard[:2] if each.turns]
    assert used.turns[0].context["phraseDetection"]["language"] == "de-DE"


async def test_a_relay_is_connected_before_it_is_ready_for_calls(tmp_path: Path) -> None:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with SpeechEmulator() as service, control_plane(MemoryControl(scenario())) as url:
        account = {"AZURE_SPEECH_ENDPOINT": service.url, "AZURE_SPEECH_KEY": "k" * 32}
        settings = environment(url, tmp_path, STT="azure,scripted", **account)
        serving = asyncio.create_task(serve(settings, "127.0.0.1", 0, stop, ready.set_result))
        await ready
        await connections(service, 1)
        stop.set()
        await serving

    assert all(each.closed.is_set() for each in service.heard)
