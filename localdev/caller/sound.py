"""Turns the lines of a caller into audio, PCM 16 bit mono at 16 kHz."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from core.speech import SpokenAudio
from localdev.acs_simulator.audio import read_audio
from localdev.acs_simulator.callee import beep
from localdev.caller.lines import Line

TAIL = bytes(320 * 2)
PATIENCE_S = 60.0  # nobody is on the line yet

type Say = Callable[[str], Awaitable[bytes]]


async def spoken_lines(lines: Sequence[Line]) -> tuple[bytes, ...]:
    """Return each line's audio, words in a voice no agent has, nothing for keys.

    Raises `EngineFailed`, `OSError`.
    """
    async with callers_mouth() as say:
        return tuple([await _sound(line, say) for line in lines])


async def _sound(line: Line, say: Say) -> bytes:
    if line.wav:
        return read_audio(line.wav.read_bytes())
    return await say(line.text) if line.text else b""


@asynccontextmanager
async def callers_mouth() -> AsyncIterator[Say]:
    """Give what speaks a text in the caller's voice; its engine starts with the first words.

    Speaking raises `EngineFailed`.
    """
    from adapters.embedded.piper import PiperSpeaking
    from adapters.embedded.voices import caller_voice

    mouth = PiperSpeaking(audio_s=PATIENCE_S)

    async def say(text: str) -> bytes:
        pieces = mouth.speak(text, caller_voice())
        pcm = [piece.pcm async for piece in pieces if isinstance(piece, SpokenAudio)]
        return b"".join(pcm) + TAIL

    try:
        yield say
    finally:
        await mouth.aclose()


async def voicemail(text: str) -> bytes:
    """Return what a voicemail plays: its greeting, and the beep. Raises `EngineFailed`."""
    (greeting,) = await spoken_lines([Line(text=text)])
    return greeting + TAIL * 20 + beep()
