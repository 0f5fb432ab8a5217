"""Whether a spoken reply has gaps: a model's tokens through splitter, Piper and playout, as heard.

python -m benchmarks.speech_gaps
"""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import numpy as np

from adapters.embedded.piper import PiperSpeaking
from core.aloud import Aloud, aloud
from core.audio import Piece
from core.sentences import Splitter
from core.speech import FRAME_MS, Voice
from media_relay.playout import Playout, PlayoutSettings
from media_relay.speaking import Mouth, Utterance

TOKENS_A_SECOND = 60  # a slow model
REPLY = (
    "You have three accounts with us, and all of them are in good order. Your checking account, "
    "which ends in 4127, holds $2,450.75, your savings account holds $18,200, and the next payment "
    "of your credit card, which is due on 2026-03-14, will be $640.20. Shall I go on? The rate of "
    "your savings account is 4.35% since last week, and that is well above what most others pay. "
    "If you want to hear more about any of them, just say so."
)
QUIET = 120  # of 32767, RMS of 10 ms


class Ear:
    """A far side that plays in real time and notes when it had nothing to play."""

    def __init__(self) -> None:
        self.audio: list[bytes] = []
        self.dry_ms: list[float] = []
        self._until = 0.0

    def send_audio(self, pcm: bytes) -> bool:
        now = time.monotonic()
        if self.audio and now > self._until:
            self.dry_ms.append((now - self._until) * 1000)
            self._until = now
        self._until = max(self._until, now) + FRAME_MS / 1000
        self.audio.append(pcm)
        return True

    def stop_audio(self) -> None: ...

    def close(self, reason: str) -> None: ...


class Marked(Playout):
    """A playout that remembers its pieces."""

    def open_piece(
        self, generation: int, text: str, agent: str, said: Aloud | None = None
    ) -> Piece | None:
        """Remember one more."""
        piece = super().open_piece(generation, text, agent, said)
        if piece is not None:
            made.append(piece)
        return piece


made: list[Piece] = []


def silences(pcm: bytes) -> tuple[list[int], list[int]]:
    """Return the silences within speech, in ms: between two pieces, and within them."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    loud = np.sqrt((samples[: len(samples) // 160 * 160].reshape(-1, 160) ** 2).mean(1)) > QUIET
    spoken = np.flatnonzero(loud) * 10
    joins = np.cumsum([piece.ms for piece in made])[:-1]
    runs = [(int(a) + 10, int(b)) for a, b in pairwise(spoken) if b - a > 10]
    between = [b - a for a, b in runs if any(a <= join <= b for join in joins)]
    within = [b - a for a, b in runs if not any(a <= join <= b for join in joins)]
    return between, sorted(within, reverse=True)


async def main() -> None:
    """Speak one long reply and report what of it was not sound."""
    engine, ear, done = PiperSpeaking(), Ear(), asyncio.Event()
    await engine.warm()
    heard = [0]

    def on_dry(_: int, pieces: int) -> None:
        heard[0] = pieces
        if pieces == len(said):
            done.set()

    playout = Marked(ear, PlayoutSettings(), on_sounding=lambda _: None, on_dry=on_dry)
    mouth = Mouth(engine, playout, timeout_s=5, on_audio=lambda _: None, on_served=lambda _: None)
    playout.begin(1)
    pieces: asyncio.Queue[Utterance | None] = asyncio.Queue()
    speaking = asyncio.create_task(mouth.speak_all(pieces, 1))
    said: list[str] = []
    splitter, words = Splitter(), REPLY.split(" ")
    began = time.monotonic()
    for number, word in enumerate(words):
        new = splitter.feed(word if number == 0 else f" {word}")
        new += splitter.flush() if number == len(words) - 1 else []
        for text in new:
            said.append(text)
            pieces.put_nowait(Utterance(text=text, agent="", voice=Voice()))
            print(f"  {(time.monotonic() - began) * 1000:6.0f} ms  {aloud(text).text}")
        await asyncio.sleep(1 / TOKENS_A_SECOND)
    await done.wait()
    speaking.cancel()
    await engine.aclose()
    between, within = silences(b"".join(ear.audio))
    print(f"{len(said)} pieces, {len(ear.audio) * FRAME_MS / 1000:.1f} s of audio")
    print(f"ran dry {len(ear.dry_ms)} times, at most {max(ear.dry_ms, default=0):.0f} ms")
    print(f"silence between pieces {between} ms; the voice's own pauses {within[:8]} ms")


if __name__ == "__main__":
    asyncio.run(main())
