"""Pieces that are spoken as one text, and which of them each stretch of its audio is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from core.aloud import Aloud
from core.audio import Piece
from core.speech import BYTES_PER_MS, Word
from media_relay.playout import Playout


@dataclass(slots=True)
class _Part:
    """A piece that was written. `rest`: where its next word is looked for."""

    text: str
    agent: str
    said: Aloud
    rest: str
    begins: int | None = None  # bytes of the whole text's audio before it
    words: list[Word] = field(default_factory=list)


class Written:
    """Gives the audio of a text to its pieces, by where the synthesizer says that words sound.

    A piece begins with its first word. Without word times all audio is the first piece's.
    """

    def __init__(self, playout: Playout, generation: int) -> None:
        self._playout = playout
        self._generation = generation
        self._reading: deque[_Part] = deque()  # words are still to be found in these
        self._waiting: deque[_Part] = deque()  # these have not sounded
        self._piece: Piece | None = None
        self._bytes = 0

    @property
    def begun(self) -> bool:
        """Whether anything has sounded."""
        return self._piece is not None

    def add(self, text: str, agent: str, said: Aloud) -> None:
        """One more piece is written, said like this."""
        part = _Part(text, agent, said, said.text)
        self._reading.append(part)
        self._waiting.append(part)

    def word(self, word: Word) -> None:
        """A word sounds there; one that is in none of the texts is nothing to us."""
        found = next((n for n, part in enumerate(self._reading) if word.text in part.rest), None)
        if found is None:
            return
        begins = word.start_ms * BYTES_PER_MS
        for _ in range(found):
            self._reading.popleft()
            self._reading[0].begins = begins
        part = self._reading[0]
        part.rest = part.rest.partition(word.text)[2]
        before_ms = (part.begins or 0) // BYTES_PER_MS
        start_ms, end_ms = word.start_ms - before_ms, word.end_ms - before_ms
        part.words.append(Word(text=word.text, start_ms=start_ms, end_ms=end_ms))

    def audio(self, pcm: bytes) -> bool:
        """More of the text sounds; False if the reply was stopped."""
        while pcm:
            begins = self._waiting[0].begins if self._waiting else None
            if self._piece is None or (begins is not None and self._bytes >= begins):
                if not self._next():
                    return False
                continue
            until = len(pcm) if begins is None else begins - self._bytes
            part, pcm = pcm[:until], pcm[until:]
            self._bytes += len(part)
            if not self._playout.add(self._generation, self._piece, part):
                return False
        return True

    def finish(self) -> None:
        """All of the text has sounded."""
        while self._waiting and self._next():
            pass
        if self._piece is not None:
            self._playout.finish_piece(self._generation, self._piece)

    def _next(self) -> bool:
        """Begin the next piece, behind the whole of the last one."""
        if self._piece is not None:
            self._playout.finish_piece(self._generation, self._piece)
        part = self._waiting.popleft()
        self._piece = self._playout.open_piece(self._generation, part.text, part.agent, part.said)
        if self._piece is not None:
            self._piece.words = part.words
        return self._piece is not None
