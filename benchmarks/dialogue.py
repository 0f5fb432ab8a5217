"""A caller's side of a conversation: a minute of audio, two fifths of it speech, rest line noise.

Made once with the embedded voice and kept, so that every server hears the same.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass

from benchmarks.processes import SCRATCH
from core.speech import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SpokenAudio

SENTENCES = (
    "Hello, I would like to know the balance of my checking account.",
    "My name is Maria Lopez.",
    "Four one two seven.",
    "And there is a fee on my statement that I do not understand.",
    "It says foreign transaction, but I was not abroad last month.",
    "Can you refund it, please?",
    "How much is in my retirement account?",
    "Thank you very much, that is all. Have a nice day.",
)
SPEECH_SHARE = 0.4
# Comfort noise of a telephone line, in steps of PCM16: -66 dBFS.
_NOISE = 16
_FILE = SCRATCH / "dialogue.pcm"
_PLACES = SCRATCH / "dialogue.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """`frames` of 20 ms; `spoken`: first frame and the one after the last, per utterance."""

    frames: tuple[bytes, ...]
    spoken: tuple[tuple[int, int], ...]


def dialogue() -> Dialogue:
    """Return the conversation, and make it if it was never made."""
    if not _PLACES.exists():
        asyncio.run(_make())
    pcm = _FILE.read_bytes()
    frames = tuple(pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))
    spoken = tuple((first, end) for first, end in json.loads(_PLACES.read_text()))
    return Dialogue(frames=frames, spoken=spoken)


async def _make() -> None:
    import numpy as np

    from adapters.embedded.piper import PiperSpeaking
    from adapters.embedded.voices import caller_voice

    speaking = PiperSpeaking()
    await speaking.warm()
    audio, spoken = bytearray(), []
    chance = random.Random(1)  # noqa: S311
    for sentence in SENTENCES:
        events = [event async for event in speaking.speak(sentence, caller_voice())]
        said = b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))
        loud = np.flatnonzero(np.abs(np.frombuffer(said, "<i2")) > 200)
        said = said[loud[0] * 2 : loud[-1] * 2 + 2]
        said = said[: len(said) // FRAME_BYTES * FRAME_BYTES]
        silent_ms = len(said) / BYTES_PER_MS * (1 / SPEECH_SHARE - 1)
        before = round(silent_ms * chance.uniform(0.4, 0.6) / FRAME_MS)
        audio += bytes(FRAME_BYTES * before)
        first = len(audio) // FRAME_BYTES
        audio += said
        spoken.append((first, len(audio) // FRAME_BYTES))
        audio += bytes(FRAME_BYTES * (round(silent_ms / FRAME_MS) - before))
    await speaking.aclose()
    noise = np.random.default_rng(1).normal(0, _NOISE, len(audio) // 2)
    mixed = np.frombuffer(bytes(audio), "<i2") + noise
    SCRATCH.mkdir(parents=True, exist_ok=True)
    _FILE.write_bytes(np.clip(mixed, -32768, 32767).astype("<i2").tobytes())
    _PLACES.write_text(json.dumps(spoken))
