"""What the embedded engines cost: speed, delays, CPU and memory, printed as a table.

python benchmarks/engines.py
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from adapters.embedded.hearing import MoonshineHearing
from adapters.embedded.pcm import samples_of
from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.voices import caller_voice
from core.speech import (
    FRAME_BYTES,
    FRAME_MS,
    FinalHeard,
    HearingConfig,
    PartialHeard,
    SpeechStopped,
    SpokenAudio,
    Voice,
)

SENTENCES = (
    "What is the balance of my checking account?",
    "Can you refund the foreign transaction fee?",
    "I want to speak to a person.",
    "How much is in my retirement account?",
)
CLAUSES = (
    "One moment, please.",
    "Your checking account holds two thousand four hundred dollars.",
    "Thanks for calling Contoso Bank, how can I help you today?",
)
CALLERS = (1, 10, 30)
# Callers listen most of the time: each says one sentence within this.
TURN_S = 6.0
SILENCE = bytes(FRAME_BYTES)


async def main() -> None:
    """Run every measurement."""
    hearing, speaking = MoonshineHearing(), PiperSpeaking()
    idle = memory_mb()
    print(f"{'load hearing':44} {await timed(hearing.warm()) * 1000:8.0f} ms")
    print(f"{'memory of hearing':44} {memory_mb() - idle:8.0f} MB")
    print(f"{'start the speaking process':44} {await timed(speaking.warm()) * 1000:8.0f} ms")
    print(f"{'memory of the speaking process':44} {memory_mb(speaking.pid):8.0f} MB")
    for clause in CLAUSES:
        await first_audio(speaking, clause)
    speech = [await say(speaking, sentence) for sentence in SENTENCES]
    await recognise(hearing, b"".join(speech))
    for callers in CALLERS:
        await talk(hearing, speech, callers)
    await hearing.aclose()
    await speaking.aclose()


async def timed(work: object) -> float:
    """Return how long an awaitable took, in s."""
    began = time.perf_counter()
    await work  # type: ignore[misc]
    return time.perf_counter() - began


def memory_mb(pid: int | None = None) -> float:
    """Return a process's resident memory; Linux only."""
    pages = Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize() / 2**20


async def say(speaking: PiperSpeaking, text: str) -> bytes:
    """Return a sentence in the caller's voice."""
    events = [event async for event in speaking.speak(text, caller_voice())]
    return b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))


async def first_audio(speaking: PiperSpeaking, clause: str) -> None:
    """Print how soon a clause begins to sound, and how fast it is made."""
    firsts, factors = [], []
    for _ in range(9):
        began = time.perf_counter()
        first, size = 0.0, 0
        async for event in speaking.speak(clause, Voice()):
            first = first or time.perf_counter() - began
            size += len(event.pcm) if isinstance(event, SpokenAudio) else 0
        firsts.append(first)
        factors.append((time.perf_counter() - began) / (size / 32_000))
    label = f"first audio of {len(clause)} letters"
    print(
        f"{label:44} {statistics.median(firsts) * 1000:8.0f} ms"
        f"   {statistics.median(factors):.3f} s per s of audio"
    )


async def recognise(hearing: MoonshineHearing, pcm: bytes) -> None:
    """Print the recognizer's CPU time for a second of speech."""
    from adapters.embedded.moonshine import Moonshine

    model = Moonshine()
    piece = samples_of(pcm[: 3 * 32_000])
    began = time.process_time()
    for _ in range(10):
        model.transcribe(piece)
    spent = (time.process_time() - began) / 10
    print(f"{'recognise 3 s':44} {spent * 1000:8.0f} ms   {spent / 3:.3f} s per s of audio")


async def talk(hearing: MoonshineHearing, speech: list[bytes], callers: int) -> None:
    """Print what callers cost who talk in real time, and how long their finals take."""
    cpu, began = time.process_time(), time.perf_counter()
    lags: list[float] = []
    delays = await asyncio.gather(
        *(
            caller(hearing, speech[n % len(speech)], TURN_S * n / callers, lags)
            for n in range(callers)
        )
    )
    used = (time.process_time() - cpu) / (time.perf_counter() - began) / callers
    finals = [delay for delay, _ in delays]
    label = f"{callers} callers: final after the end was decided"
    print(
        f"{label:44} {statistics.median(finals) * 1000:8.0f} ms   worst {max(finals) * 1000:.0f} ms"
        f"   {used * 100:.1f} % of a core each   {sum(n for _, n in delays)} partials"
        f"   push p99 {sorted(lags)[len(lags) * 99 // 100] * 1000:.2f} ms"
    )


async def caller(
    hearing: MoonshineHearing, pcm: bytes, phase: float, lags: list[float]
) -> tuple[float, int]:
    """Say a sentence in real time; return the wait for its words after its end was decided."""
    stream = await hearing.open(HearingConfig())
    loop = asyncio.get_running_loop()
    pcm = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]
    start = loop.time() + phase

    async def feed() -> None:
        for number, frame in enumerate([*frames, *[SILENCE] * 60]):
            await asyncio.sleep(max(0.0, start + number * FRAME_MS / 1000 - loop.time()))
            began = time.perf_counter()
            stream.push(frame)
            lags.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feed())
        stopped, partials = 0.0, 0
        async for event in stream.events():
            partials += isinstance(event, PartialHeard)
            if isinstance(event, SpeechStopped):
                stopped = loop.time()
            elif isinstance(event, FinalHeard):
                waited = loop.time() - stopped
                break
    await stream.aclose()
    return waited, partials


if __name__ == "__main__":
    asyncio.run(main())
