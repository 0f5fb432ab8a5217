"""Pieces of text become audio: the next one while the last one plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from core.aloud import aloud
from core.audio import Piece
from core.errors import Cause, EngineError, EngineFailed
from core.ports import Speaking
from core.served import ServedBy
from core.speech import SpeakingEvent, SpokenWord, Voice, Word
from media_relay.playout import Playout

_SLACK = 0.1  # of a deadline: audio may come 50 times a second, a timer each time costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A piece to say, and who says it. `language`: in which its figures are read."""

    text: str
    agent: str
    voice: Voice
    language: str = "en-US"


class Mouth:
    """Speaks the replies of one call.

    `on_audio` is told of every piece of audio made, `on_served` of another engine that makes it.
    """

    def __init__(
        self,
        engine: Speaking,
        playout: Playout,
        *,
        timeout_s: float,
        on_audio: Callable[[int], None],
        on_served: Callable[[ServedBy], None],
    ) -> None:
        self._engine = engine
        self._playout = playout
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._on_audio = on_audio
        self._on_served = on_served

    async def speak_all(self, pieces: asyncio.Queue[Utterance], generation: int) -> None:
        """Speak the pieces of one reply for ever, in order. Raises EngineFailed.

        A piece that fails before there is any audio of it is tried once more.
        """
        while True:
            utterance = await pieces.get()
            await self._playout.room()
            try:
                await self._speak(utterance, generation)
            except _Silent as failure:
                if not failure.error.retryable:
                    raise
                await self._speak(utterance, generation)

    async def _speak(self, utterance: Utterance, generation: int) -> None:
        piece: Piece | None = None
        words: list[Word] = []
        said = aloud(utterance.text, utterance.language)
        # Every engine is an async generator underneath; closing it is what stops its work.
        events = cast(
            "AsyncGenerator[SpeakingEvent]", self._engine.speak(said.text, utterance.voice)
        )
        try:
            async with aclosing(events), asyncio.timeout(self._timeout_s) as patience:
                async for event in events:
                    self._renew(patience)
                    if isinstance(event, SpokenWord):
                        words.append(event.word)
                        continue
                    if isinstance(event, ServedBy):
                        self._on_served(event)
                        continue
                    self._on_audio(generation)
                    if piece is None:
                        text, agent = utterance.text, utterance.agent
                        piece = self._playout.open_piece(generation, text, agent, said)
                    if piece is None or not self._playout.add(generation, piece, event.pcm):
                        return
                    piece.words = words
                    if self._playout.full:
                        patience.reschedule(None)
                        await self._playout.room()
                        self._renew(patience)
        except TimeoutError:
            raise _failed("no audio in time", piece, cause=Cause.TIMEOUT) from None
        except EngineFailed as failed:
            raise _Silent(failed.error) if piece is None else failed from None
        if piece is None:
            raise _failed("no audio was made", piece)
        self._playout.finish_piece(generation, piece)

    def _renew(self, patience: asyncio.Timeout) -> None:
        """Wait as long again. A deadline that is nearly as late already is left where it is."""
        deadline = self._loop.time() + self._timeout_s
        at = patience.when()
        if at is None or deadline - at > self._timeout_s * _SLACK:
            patience.reschedule(deadline)


def _failed(detail: str, piece: Piece | None, *, cause: Cause = Cause.UNAVAILABLE) -> EngineFailed:
    error = EngineError(cause=cause, detail=detail)
    return _Silent(error) if piece is None else EngineFailed(error)


class _Silent(EngineFailed):
    """Nothing of the piece was made, so saying it again repeats nothing."""
