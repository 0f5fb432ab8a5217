"""Turns the lines of a caller into audio, PCM 16 bit mono at 16 kHz."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.speech import SpokenAudio
from localdev.acs_simulator.audio import read_audio
from localdev.acs_simulator.callee import beep
from localdev.caller.lines import Line

TAIL = bytes(320 * 2)


async def spoken_lines(lines: Sequence[Line]) -> tuple[bytes, ...]:
    """Return each line's audio, words in a voice no agent has, nothing for keys.

    Raises `EngineFailed`, `OSError`.
    """
    if not any(line.text for line in lines):
        return tuple(_recorded(line.wav) if line.wav else b"" for line in lines)
    from adapters.embedded.piper import PiperSpeaking
    from adapters.embedded.voices import caller_voice

    mouth, voice = PiperSpeaking(), caller_voice()
    try:
        audio = []
        for line in lines:
            if line.wav:
                audio.append(_recorded(line.wav))
                continue
            if line.keys:
                audio.append(b"")
                continue
            pieces = mouth.speak(line.text, voice)
            pcm = [piece.pcm async for piece in pieces if isinstance(piece, SpokenAudio)]
            audio.append(b"".join(pcm) + TAIL)
        return tuple(audio)
    finally:
        await mouth.aclose()


async def voicemail(text: str) -> bytes:
    """Return what a voicemail plays: its greeting, and the beep. Raises `EngineFailed`."""
    (greeting,) = await spoken_lines([Line(text=text)])
    return greeting + TAIL * 20 + beep()


def _recorded(path: Path) -> bytes:
    return read_audio(path.read_bytes())
