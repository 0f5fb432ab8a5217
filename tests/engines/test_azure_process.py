"""What Azure Speech leaves behind in a process: nothing, however it ends."""

import asyncio
import gc
import os
import sys
from pathlib import Path

import pytest

from adapters.azure_speech import AzureHearing, AzureSpeaking
from adapters.scripted import ScriptedSpeaking, spoken
from adapters.settings import Settings, SettingsError
from adapters.voiced import VoicedHearing
from core.speech import FinalHeard, HearingConfig, Voice
from localdev.doctor import azure_findings
from localdev.emulators.azure_speech import SpeechEmulator
from localdev.findings import Health
from media_relay.engines import engines_of
from tests.engines.azure_service import account_at

ROOT = Path(__file__).parents[2]
THREADS = Path("/proc/self/task")


def threads() -> int:
    return len(list(THREADS.iterdir()))


# Ends in the middle of hearing and speaking, while the SDK's threads are busy telling of both.
CALL = """
import asyncio, sys
from adapters.voiced import VoicedHearing
from adapters.azure_speech import AzureHearing, AzureSpeaking, SpeechAccount
from adapters.scripted import spoken
from core.speech import HearingConfig, Voice

async def call():
    account = SpeechAccount(endpoint=sys.argv[1], key="k" * 32)
    hearing, speaking = AzureHearing(account), AzureSpeaking(account)
    stream = await hearing.open(HearingConfig())
    stream.push(spoken("One two three four five six seven.") * 5)
    await anext(stream.events())
    voices = [speaking.speak("A very long story. " * 25, Voice()) for _ in range(4)]
    for voice in voices:
        await anext(voice)
    if sys.argv[2] == "close":
        await hearing.aclose()
        await speaking.aclose()
    if sys.argv[2] == "crash":
        raise SystemExit(3)
    return voices

loop = asyncio.new_event_loop()
voices = loop.run_until_complete(call())
"""


async def test_a_process_ends_quietly_in_the_middle_of_a_call() -> None:
    async def run(how: str) -> tuple[int | None, bytes]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-W", "ignore", "-c", CALL, service.url, how),
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        return child.returncode, output

    async with SpeechEmulator(speaking=ScriptedSpeaking(words=True, piece_ms=20)) as service:
        async with asyncio.timeout(60):
            ends = await asyncio.gather(*map(run, ("close", "leave", "crash")))

    assert [code for code, _ in ends] == [0, 0, 3]
    assert [output for _, output in ends if b"FATAL" in output] == []


@pytest.mark.skipif(not THREADS.exists(), reason="counts threads as Linux shows them")
async def test_calls_that_come_and_go_leave_no_threads() -> None:
    async def call(hearing: AzureHearing, speaking: AzureSpeaking) -> None:
        stream = await hearing.open(HearingConfig())
        stream.push(spoken("Hello.") + bytes(32_000))
        async for event in stream.events():
            if isinstance(event, FinalHeard):
                break
        await stream.aclose()
        async for _ in speaking.speak("Hello.", Voice()):
            pass

    async with SpeechEmulator() as service:
        hearing = AzureHearing(account_at(service))
        speaking = AzureSpeaking(account_at(service))
        await call(hearing, speaking)
        await hearing.aclose()
        await speaking.aclose()
        before = threads()
        async with asyncio.timeout(60):
            for _ in range(3):
                await asyncio.gather(*(call(hearing, speaking) for _ in range(5)))
            await hearing.aclose()
            await speaking.aclose()
            gc.collect()
            # The SDK's threads end a moment after its objects; asyncio keeps a few of its own.
            while await asyncio.to_thread(threads) > before + 4:
                pass

    assert all(seen.closed.is_set() for seen in (*service.heard, *service.spoke))


def test_settings_choose_azure_for_hearing_and_speaking() -> None:
    environ = {
        "STT": "azure",
        "TTS": "azure",
        "AZURE_SPEECH_REGION": "westeurope",
        "AZURE_SPEECH_KEY": "k" * 32,
    }

    engines = engines_of(Settings.read(environ))

    assert isinstance(engines.hearing, VoicedHearing)
    assert isinstance(engines.speaking, AzureSpeaking)


@pytest.mark.parametrize("environ", [{}, {"AZURE_SPEECH_REGION": "westeurope"}])
def test_azure_without_a_resource_says_what_to_set(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as error:
        engines_of(Settings.read({"STT": "azure", **environ}))

    assert error.value.mistakes[0].name == "AZURE_SPEECH_ENDPOINT"
    assert "AZURE_SPEECH_KEY" in error.value.mistakes[0].remedy


@pytest.mark.parametrize(
    ("environ", "health"),
    [
        ({}, Health.NOTE),
        ({"STT": "azure"}, Health.BAD),
        ({"TTS": "azure", "AZURE_SPEECH_ENDPOINT": "https://x.example"}, Health.OK),
        ({"AZURE_SPEECH_ENDPOINT": "https://x.example"}, Health.NOTE),
    ],
)
def test_the_doctor_knows_whether_azure_speech_is_set(
    environ: dict[str, str], health: Health
) -> None:
    findings = azure_findings(environ)

    (finding,) = [each for each in findings if each.name == "AZURE_SPEECH_ENDPOINT"]
    assert finding.health is health
