"""A voice whose sound carries its text, at a pace and with the failures a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from adapters.scripted.kept import keep
from adapters.scripted.marked_audio import spoken
from core.errors import EngineError, EngineFailed
from core.speech import (
    BYTES_PER_MS,
    SpeakingEvent,
    SpokenAudio,
    SpokenWord,
    Voice,
    Word,
    sayable,
)


@dataclass(slots=True)
class Spoken:
    """One request to a `ScriptedSpeaking` and how far it got."""

    text: str
    voice: Voice
    done: bool = False
    cancelled: bool = False


class ScriptedSpeaking:
    """Says text as sound that carries it. `said` tells what was asked for and what was cancelled.
    Like any voice it makes nothing of a text without letters.

    Times in ms: the audio of a character, the wait before the first piece and before each
    following one, the length of a piece. `words`: emit word timings. `failures`: one per
    request, in order; None lets that request succeed. `fail_after_ms`: audio before the failure.
    """

    def __init__(
        self,
        *,
        ms_per_char: int = 50,
        first_audio_ms: int = 0,
        next_audio_ms: int = 0,
        piece_ms: int = 200,
        words: bool = False,
        failures: Sequence[EngineError | None] = (),
        fail_after_ms: int = 0,
    ) -> None:
        self.said: list[Spoken] = []
        self._ms_per_char = ms_per_char
        self._first_audio_ms = first_audio_ms
        self._next_audio_ms = next_audio_ms
        self._piece_bytes = piece_ms * BYTES_PER_MS
        self._words = words
        self._failures = list(failures)
        self._fail_after_ms = fail_after_ms

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio of one clause. Raises `EngineFailed` where the script says so."""
        entry = Spoken(text, voice)
        keep(self.said, entry)
        failure = self._failures.pop(0) if self._failures else None
        try:
            async for event in self._pieces(text, failure):
                yield event
            entry.done = True
        finally:
            entry.cancelled = not entry.done and failure is None

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    async def _pieces(
        self, text: str, failure: EngineError | None
    ) -> AsyncGenerator[SpeakingEvent]:
        pcm = spoken(text, ms=len(text) * self._ms_per_char) if sayable(text) else b""
        if failure is not None:
            pcm = pcm[: self._fail_after_ms * BYTES_PER_MS]
        await asyncio.sleep(self._first_audio_ms / 1000)
        if self._words and failure is None:
            for word in _words_of(text, self._ms_per_char):
                yield SpokenWord(word=word)
        for at in range(0, len(pcm), self._piece_bytes):
            if at:
                await asyncio.sleep(self._next_audio_ms / 1000)
            yield SpokenAudio(pcm=pcm[at : at + self._piece_bytes])
        if failure is not None:
            raise EngineFailed(failure)


def _words_of(text: str, ms_per_char: int) -> list[Word]:
    words, at = [], 0
    for part in text.split():
        start = text.index(part, at)
        at = start + len(part)
        words.append(Word(text=part, start_ms=start * ms_per_char, end_ms=at * ms_per_char))
    return words
