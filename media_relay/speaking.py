"""Pieces of text become audio: the next one while the last one plays."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import assert_never, cast

from core.aloud import aloud
from core.audio import Piece
from core.errors import Cause, EngineError, EngineFailed
from core.ports import Speaking, TextStreaming
from core.served import ServedBy, Working
from core.speech import SpeakingEvent, SpokenAudio, SpokenWord, Voice, Word
from media_relay.playout import Playout
from media_relay.written import Written

_LINGER_S = 0.4  # a model that writes sends a clause more often; one that uses a tool does not
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

    `on_audio` is told of every piece of audio made, `on_served` of another engine that makes it,
    `on_work` when the engine begins to work and `on_rest` when it has nothing to do for now.
    """

    def __init__(
        self,
        engine: Speaking,
        playout: Playout,
        *,
        timeout_s: float,
        on_audio: Callable[[int], None],
        on_served: Callable[[ServedBy], None],
        on_work: Callable[[int], None] = lambda _: None,
        on_rest: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._playout = playout
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._on_audio = on_audio
        self._on_served = on_served
        self._on_work = on_work
        self._on_rest = on_rest

    async def speak_all(self, pieces: asyncio.Queue[Utterance | None], generation: int) -> None:
        """Speak the pieces of one reply for ever, in order. Raises EngineFailed.

        A piece that fails before there is any audio of it is tried once more. None in the queue:
        what was written so far is whole.
        """
        held: deque[Utterance] = deque()
        while True:
            utterance = held.popleft() if held else await pieces.get()
            if utterance is None:
                continue
            await self._playout.room()
            self._on_work(generation)
            try:
                held += await self._say(utterance, pieces, generation)
            finally:
                self._on_rest(generation)

    async def _say(
        self, utterance: Utterance, pieces: asyncio.Queue[Utterance | None], generation: int
    ) -> list[Utterance]:
        """Speak a piece, and those written after it if the engine can; return what it took on."""
        engine = self._engine
        if isinstance(engine, TextStreaming) and engine.streams_text(utterance.voice):
            return await self._speak_written(engine, utterance, pieces, generation)
        try:
            await self._speak(utterance, generation)
        except _Silent as failure:
            if not failure.error.retryable:
                raise
            await self._speak(utterance, generation)
        return []

    async def _speak_written(
        self,
        engine: TextStreaming,
        first: Utterance,
        pieces: asyncio.Queue[Utterance | None],
        generation: int,
    ) -> list[Utterance]:
        """Speak this piece and those that follow closely as one text, while they are written.

        Returns what was taken from the queue and is said by another voice. What fails before
        there is any audio is said piece by piece.
        """
        run = _Run(first, Written(self._playout, generation))
        events = cast(
            "AsyncGenerator[SpeakingEvent]", engine.speak_written(run.texts(pieces), first.voice)
        )
        try:
            async with aclosing(events), asyncio.timeout(self._timeout_s) as patience:
                async for event in events:
                    self._renew(patience)
                    if not self._sounds(event, run.written, generation):
                        return []
                    if self._playout.full:
                        await self._hold(patience, generation)
        except TimeoutError:
            if run.written.begun:
                raise _late() from None
        except EngineFailed:
            if run.written.begun:
                raise
        if run.written.begun:
            run.written.finish()
        else:
            for utterance in run.taken:
                await self._speak(utterance, generation)
        return run.other

    def _sounds(self, event: SpeakingEvent, written: Written, generation: int) -> bool:
        """Take what is made of a text in writing; False if the reply was stopped."""
        match event:
            case SpokenWord(word=word):
                written.word(word)
            case SpokenAudio(pcm=pcm):
                self._on_audio(generation)
                return written.audio(pcm)
            case ServedBy():
                self._on_served(event)
        return True

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
                    if not isinstance(event, SpokenAudio):
                        self._note(event, words)
                        continue
                    self._on_audio(generation)
                    if piece is None:
                        text, agent = utterance.text, utterance.agent
                        piece = self._playout.open_piece(generation, text, agent, said)
                    if piece is None or not self._playout.add(generation, piece, event.pcm):
                        return
                    piece.words = words
                    if self._playout.full:
                        await self._hold(patience, generation)
        except TimeoutError:
            raise _failed("no audio in time", piece, cause=Cause.TIMEOUT) from None
        except EngineFailed as failed:
            raise _Silent(failed.error) if piece is None else failed from None
        if piece is None:
            raise _failed("no audio was made", piece)
        self._playout.finish_piece(generation, piece)

    async def _hold(self, patience: asyncio.Timeout, generation: int) -> None:
        """Make no more until there is room for it."""
        patience.reschedule(None)
        self._on_rest(generation)
        await self._playout.room()
        self._on_work(generation)
        self._renew(patience)

    def _note(self, event: SpokenWord | ServedBy | Working, words: list[Word]) -> None:
        match event:
            case SpokenWord(word=word):
                words.append(word)
            case ServedBy():
                self._on_served(event)
            case Working():
                pass  # that it came is all there is to it
            case _:
                assert_never(event)

    def _renew(self, patience: asyncio.Timeout) -> None:
        """Wait as long again. A deadline that is nearly as late already is left where it is."""
        deadline = self._loop.time() + self._timeout_s
        at = patience.when()
        if at is None or deadline - at > self._timeout_s * _SLACK:
            patience.reschedule(deadline)


class _Run:
    """Pieces that one voice says as one text."""

    def __init__(self, first: Utterance, written: Written) -> None:
        self.written = written
        self.taken = [first]
        self.other: list[Utterance] = []

    async def texts(self, pieces: asyncio.Queue[Utterance | None]) -> AsyncGenerator[str]:
        """Yield the text as it is written: the first piece, and what follows it closely."""
        piece: Utterance | None = self.taken[0]
        while piece is not None:
            said = aloud(piece.text, piece.language)
            self.written.add(piece.text, piece.agent, said)
            yield f"{said.text} "
            piece = await _soon(pieces)
            if piece is not None and piece.voice != self.taken[0].voice:
                self.other.append(piece)
                return
            if piece is not None:
                self.taken.append(piece)


async def _soon(pieces: asyncio.Queue[Utterance | None]) -> Utterance | None:
    """Return the next piece; None if the text is whole, or is not written on for a while."""
    try:
        async with asyncio.timeout(_LINGER_S):
            return await pieces.get()
    except TimeoutError:
        return None


def _late() -> EngineFailed:
    return EngineFailed(EngineError(cause=Cause.TIMEOUT, detail="no audio in time"))


def _failed(detail: str, piece: Piece | None, *, cause: Cause = Cause.UNAVAILABLE) -> EngineFailed:
    error = EngineError(cause=cause, detail=detail)
    return _Silent(error) if piece is None else EngineFailed(error)


class _Silent(EngineFailed):
    """Nothing of the piece was made, so saying it again repeats nothing."""
