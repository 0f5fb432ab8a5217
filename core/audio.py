"""Audio arithmetic: frames of PCM, and which words of a reply have been heard by when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.aloud import Aloud
from core.speech import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, Word

_WORD = re.compile(r"\S+")
_AFTER_WORDS = ".,;:!?…)\"'”’"  # noqa: RUF001
_MS_PER_CHAR = 60  # of a piece whose audio is not complete yet: an ordinary pace


@dataclass(slots=True)
class Piece:
    """One piece of a reply as it becomes audio. `ms`: how much audio there is so far.

    `said`: how the text is spoken, where that is not as it is written; `words` are of that.
    """

    text: str
    agent: str = ""
    ms: int = 0
    complete: bool = False
    words: list[Word] = field(default_factory=list)
    said: Aloud | None = None


def ms_of(pcm: bytes) -> int:
    """Return how long this audio is."""
    return len(pcm) // BYTES_PER_MS


def whole_frames(pcm: bytes) -> tuple[list[bytes], bytes]:
    """Return the 20 ms frames of this audio, and what is left of it."""
    whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES)]
    return frames, pcm[whole:]


def padded(pcm: bytes) -> bytes:
    """Return this audio, at most one frame, as exactly one frame."""
    return pcm.ljust(FRAME_BYTES, b"\0")


def frames_in(ms: float) -> int:
    """Return how many whole frames fit in `ms`."""
    return int(ms // FRAME_MS)


def heard_of(piece: Piece, heard_ms: float) -> str:
    """Return the words of a piece that were heard whole within `heard_ms` of its audio.

    By the synthesizer's word times if it gave them, else the time is shared by characters.
    """
    if piece.complete and heard_ms >= piece.ms:
        return piece.text
    if heard_ms <= 0:
        return ""
    said = piece.said or Aloud(text=piece.text)
    if piece.words:
        end = _end_by_words(said.text, piece.words, heard_ms)
    else:
        size = len(said.text)
        total = piece.ms if piece.complete else max(piece.ms, size * _MS_PER_CHAR)
        end = int(size * heard_ms / max(total, 1))
    return _whole_words(piece.text, said.written(end))


def heard_text(pieces: Sequence[Piece], heard_ms: float) -> str:
    """Return what was heard of pieces that sound one after another."""
    texts: list[str] = []
    for piece in pieces:
        texts.append(heard_of(piece, heard_ms))
        heard_ms -= piece.ms
        if heard_ms <= 0:
            break
    return " ".join(text for text in texts if text)


def _end_by_words(text: str, words: Sequence[Word], heard_ms: float) -> int:
    end = 0
    for word in words:
        if word.end_ms > heard_ms:
            break
        found = text.find(word.text, end)
        end = found + len(word.text) if found >= 0 else end
    return end


def _whole_words(text: str, end: int) -> str:
    """Return the words that are over by character `end`, with the punctuation after the last."""
    whole = 0
    for word in _WORD.finditer(text):
        if word.start() + len(word[0].rstrip(_AFTER_WORDS)) > end:
            break
        whole = word.end()
    return text[:whole]
