"""Engines with the delays that are published for Azure, for the relay and for pipecat alike.

Speech to text: the median of the public benchmark of pipecat-ai (1 000 samples): the final comes
1 016 ms after speech ends; nothing is published on how much sooner a service that is asked for it
would answer, so asking saves nothing here. Partials while he speaks, the last one 200 ms after. The
model and the voice have no published figures that name their conditions: 400 ms and 150 ms are
assumed, the same for both.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.mailbox import Mailbox
from benchmarks.dialogue import SENTENCES, dialogue
from benchmarks.processes import SCRATCH
from core.speech import (
    FRAME_BYTES,
    FRAME_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    PartialHeard,
    SpeakingEvent,
    SpokenAudio,
    Voice,
)

FINAL_MS, LAST_PARTIAL_MS, PARTIAL_EVERY_MS = 1_016, 200, 300
FIRST_TOKEN_S, FIRST_AUDIO_S = 0.4, 0.15
REPLY = "It is ten dollars."


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the service sends with frame `at` of the conversation."""

    at: int
    text: str
    final: bool
    start_ms: int
    end_ms: int


def hearings() -> tuple[Heard, ...]:
    """Return all that is heard of the conversation, in order."""
    found: list[Heard] = []
    for text, (first, end) in zip(SENTENCES, dialogue().spoken, strict=True):
        words = text.split()

        def hears(at: int, text: str, *, final: bool = False) -> None:
            start_ms, end_ms = first * FRAME_MS, end * FRAME_MS  # noqa: B023 called in this round
            found.append(Heard(at=at, text=text, final=final, start_ms=start_ms, end_ms=end_ms))

        lag = LAST_PARTIAL_MS // FRAME_MS
        for at in range(first, end, PARTIAL_EVERY_MS // FRAME_MS):
            said = " ".join(words[: len(words) * (at - first) // (end - first)])
            if said:
                hears(at + lag, said)
        hears(end + lag, text)
        hears(end + FINAL_MS // FRAME_MS, text, final=True)
    return tuple(sorted(found, key=lambda each: each.at))


def written() -> Path:
    """Write the same down for who does not share our modules."""
    path = SCRATCH / "published.json"
    told = {
        "heard": [asdict(each) for each in hearings()],
        "final_s": FINAL_MS / 1000,
        "first_token_s": FIRST_TOKEN_S,
        "first_audio_s": FIRST_AUDIO_S,
        "reply": REPLY,
    }
    path.write_text(json.dumps(told))
    return path


class PublishedHearing:
    """A recognizer that hears the conversation, as late as the service does."""

    def __init__(self) -> None:
        self._heard = hearings()

    async def open(self, config: HearingConfig) -> PublishedStream:
        return PublishedStream(self._heard)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


class PublishedStream:
    """The ears of one call, which plays the conversation from its first frame."""

    def __init__(self, heard: tuple[Heard, ...]) -> None:
        self._heard = list(reversed(heard))
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._frame = 0

    def push(self, pcm: bytes) -> None:
        self._frame += len(pcm) // FRAME_BYTES
        now_ms = self._frame * FRAME_MS
        while self._heard and self._heard[-1].at <= self._frame:
            it = self._heard.pop()
            text, start_ms, end_ms = it.text, it.start_ms, it.end_ms
            if it.final:
                self._box.put(
                    FinalHeard(text=text, start_ms=start_ms, end_ms=end_ms, decided_ms=now_ms)
                )
            else:
                self._box.put(PartialHeard(text=text, start_ms=start_ms, end_ms=end_ms))

    def finalize(self) -> None: ...

    def events(self) -> AsyncIterator[HearingEvent]:
        return self._box.drain()

    async def aclose(self) -> None:
        self._box.close(drop=True)


class PublishedVoice:
    """Half a second of sound, after a while."""

    async def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeakingEvent]:
        await asyncio.sleep(FIRST_AUDIO_S)
        yield SpokenAudio(pcm=_SOUND)

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


_SOUND = os.urandom(FRAME_BYTES * 25)
