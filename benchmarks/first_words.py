"""A caller who speaks at once: how soon Azure Speech is heard to answer, with and without a spare.

    python -m benchmarks.first_words [--callers 10] [--connect-ms 300]

The real Speech SDK against our emulator of the service, whose connections take as long as one over
a network and through TLS; `--connect-ms 4000` is a first request of a cold process.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable

from adapters.azure_speech import AzureHearing, SpeechAccount
from adapters.scripted import spoken
from core.speech import FRAME_BYTES, FRAME_MS, HearingConfig, PartialHeard
from localdev.emulators.azure_speech import SpeechEmulator

CONFIG = HearingConfig()


async def first_guess_ms(hearing: AzureHearing) -> float:
    """Return the time from the first frame of a caller to the first words that are guessed."""
    began = time.perf_counter()
    stream = await hearing.open(CONFIG)
    talking = asyncio.create_task(_talk(stream.push))
    try:
        async for event in stream.events():
            if isinstance(event, PartialHeard):
                break
    finally:
        talking.cancel()
        await stream.aclose()
    return (time.perf_counter() - began) * 1000


async def _talk(push: Callable[[bytes], None]) -> None:
    audio = spoken("I would like to know the balance of my account, please.") + bytes(FRAME_BYTES)
    for at in range(0, len(audio), FRAME_BYTES):
        push(audio[at : at + FRAME_BYTES])
        await asyncio.sleep(FRAME_MS / 1000)


async def measured(callers: int, connect_s: float, *, spare: bool) -> list[float]:
    """Return one figure for each of so many callers, who come one after another."""
    async with SpeechEmulator(upgrade_s=connect_s) as service:
        hearing = AzureHearing(SpeechAccount(endpoint=service.url, key="k" * 32))
        await hearing.warm()
        figures = []
        for _ in range(callers):
            if spare:
                await hearing.prepare(CONFIG)
            await asyncio.sleep(connect_s + 0.2)
            figures.append(await first_guess_ms(hearing))
        await hearing.aclose()
    return figures


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=10)
    parser.add_argument("--connect-ms", type=int, default=300)
    args = parser.parse_args()
    for spare in (False, True):
        figures = await measured(args.callers, args.connect_ms / 1000, spare=spare)
        what = "a spare, open before he came" if spare else "a connection of his own"
        p50, worst = statistics.median(figures), max(figures)
        print(f"{what:<30} first guess after p50 {p50:.0f} ms, worst {worst:.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
