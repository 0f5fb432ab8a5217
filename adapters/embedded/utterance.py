"""What is known of one utterance while it is spoken: its audio, its guesses, its final words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapters.embedded.workers import Urgency
from core.speech import BYTES_PER_MS, FinalHeard, PartialHeard

PARTIAL_EVERY_MS = 500
# Kept after the last speech: final consonants are quiet.
TAIL_MS = 100
# Kept before speech goes on after a cut at a pause.
LEAD_MS = 300
# The model was made for short clips: longer speech is recognised piece by piece, cut at a pause
# where there is one.
PIECE_MS = 12_000
LONGEST_PIECE_MS = 20_000
# What the model says to a cough; believed only when somebody spoke long enough to say it.
HALLUCINATIONS = frozenset({"you", "thank you", "thank you for watching"})
SHORTEST_SPEECH_MS = 250


class Decode(Protocol):
    """Asks for the words in audio. Returns how to call it off, or None: refused, too busy."""

    def __call__(
        self, urgency: Urgency, audio: bytes, done: Callable[[str], None]
    ) -> Callable[[], None] | None: ...


@dataclass(slots=True, kw_only=True)
class Piece:
    """A part of the utterance that is being recognised; `text` is None until it is."""

    text: str | None = None
    cancel: Callable[[], None] | None = None

    @property
    def over(self) -> bool:
        """Whether nobody is working on it (any more)."""
        return self.text is not None or self.cancel is None

    def call_off(self) -> None:
        """Stop the work on it."""
        if self.cancel is not None:
            self.cancel()


class Utterance:
    """One stretch of speech; its owner tells it what the detector says.

    `guessed` takes partials while it is spoken; `final` is set once all its words are known.
    """

    def __init__(
        self,
        *,
        start_ms: int,
        audio: bytes,
        audio_start_ms: int,
        decode: Decode,
        guessed: Callable[[Utterance, PartialHeard], None],
    ) -> None:
        self.start_ms = start_ms
        self.final: FinalHeard | None = None
        self._audio = bytearray(audio)
        self._audio_start_ms = audio_start_ms
        self._decode = decode
        self._guessed = guessed
        self._guess: Piece | None = None
        self._next_guess_ms = start_ms + PARTIAL_EVERY_MS
        # What came before the present piece, and what is decoded while he pauses.
        self._pieces: list[Piece] = []
        self._tail: Piece | None = None
        self._ended: tuple[int, int] | None = None

    @property
    def _now_ms(self) -> int:
        return self._audio_start_ms + len(self._audio) // BYTES_PER_MS

    def add(self, window: bytes) -> None:
        """Take the next audio; now and then guess at the words so far, if nobody else waits."""
        self._audio += window
        if self._tail is None and self._now_ms - self._audio_start_ms >= LONGEST_PIECE_MS:
            self._pieces.append(self._recognise(Urgency.FINAL, bytes(self._audio)))
            self._restart(self._now_ms)
        elif self._tail is None and self._now_ms >= self._next_guess_ms:
            self._next_guess_ms = self._now_ms + PARTIAL_EVERY_MS
            if self._guess is None or self._guess.over:
                self._guess = self._recognise(Urgency.PARTIAL, bytes(self._audio))

    def pause(self, at_ms: int) -> None:
        """Recognise what was said: if he is done, the final words are ready in time."""
        self._drop_guess()
        until = (at_ms + TAIL_MS - self._audio_start_ms) * BYTES_PER_MS
        self._tail = self._recognise(Urgency.FINAL, bytes(self._audio[:until]))

    def resume(self) -> None:
        """He goes on: what was recognised in the pause is kept as a piece or thrown away."""
        tail, self._tail = self._tail, None
        if tail is None:
            return
        if self._now_ms - self._audio_start_ms >= PIECE_MS:
            self._pieces.append(tail)
            self._restart(self._now_ms - LEAD_MS)
        else:
            tail.call_off()

    def end(self, *, end_ms: int, decided_ms: int) -> None:
        """The utterance is over; `final` comes at once or when the words do."""
        if self._tail is None:
            self.pause(end_ms)
        self._ended = (end_ms, decided_ms)
        self._finish()

    def abandon(self) -> None:
        """Call off all work for it."""
        self._drop_guess()
        for piece in (*self._pieces, self._tail):
            if piece is not None:
                piece.call_off()

    def _restart(self, from_ms: int) -> None:
        del self._audio[: max(0, from_ms - self._audio_start_ms) * BYTES_PER_MS]
        self._audio_start_ms = max(from_ms, self._audio_start_ms)
        self._drop_guess()

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess.call_off()
            self._guess = None

    def _recognise(self, urgency: Urgency, audio: bytes) -> Piece:
        piece = Piece()
        until_ms = self._now_ms

        def done(text: str) -> None:
            piece.text = text
            if piece is self._guess or (piece is self._tail and self._ended is None):
                self._tell(piece, until_ms)
            elif self._ended is not None:
                self._finish()

        piece.cancel = self._decode(urgency, audio, done)
        return piece

    def _tell(self, latest: Piece, until_ms: int) -> None:
        text = _joined([*self._pieces, latest])
        if believable(text, until_ms - self.start_ms):
            partial = PartialHeard(
                text=text, start_ms=self.start_ms, end_ms=until_ms, stable=latest is self._tail
            )
            self._guessed(self, partial)

    def _finish(self) -> None:
        if self._ended is None or self._tail is None:
            return
        pieces = [*self._pieces, self._tail]
        if any(piece.text is None for piece in pieces):
            return
        end_ms, decided_ms = self._ended
        text = _joined(pieces)
        self.final = FinalHeard(
            text=text if believable(text, end_ms - self.start_ms) else "",
            start_ms=self.start_ms,
            end_ms=end_ms,
            decided_ms=decided_ms,
        )


def believable(text: str, speech_ms: int) -> bool:
    """Whether the model heard words, not a noise that it had to call something."""
    words = text.strip(" .,!?-").lower()
    return bool(words) and not (words in HALLUCINATIONS and speech_ms < SHORTEST_SPEECH_MS)


def _joined(pieces: list[Piece]) -> str:
    return " ".join(piece.text for piece in pieces if piece.text)
