"""Speaking with a program of the operating system, for machines without Piper."""

from __future__ import annotations

import asyncio
import io
import shutil
import wave
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapters.embedded.voices import sound_of
from core.errors import Cause, EngineError, EngineFailed
from core.speech import (
    BYTES_PER_MS,
    SAMPLE_RATE,
    SpeakingEvent,
    SpokenAudio,
    Voice,
    sayable,
)

MAX_TEXT = 2_000
TIMEOUT_S = 10.0
PIECE_BYTES = 200 * BYTES_PER_MS
MAX_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A speech program: `espeak-ng` or `flite`, and where it is."""

    name: str
    path: str


def find_program() -> Program | None:
    """Return the best speech program on PATH."""
    for name in ("espeak-ng", "flite"):
        if path := shutil.which(name):
            return Program(name=name, path=path)
    return None


class SystemSpeaking:
    """Speaks with a new process per clause. Robotic, quick, and free of models."""

    def __init__(self, program: Program | None = None) -> None:
        self._program = program or find_program()
        self._turns = asyncio.Semaphore(MAX_AT_ONCE)

    async def warm(self) -> None:
        """Raises `EngineFailed` where there is no such program."""
        self._found()

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio of one clause. Closing the iterator ends the process."""
        program = self._found()
        if len(text) > MAX_TEXT:
            raise _failed(Cause.BAD_REQUEST, "text too long to speak at once")
        if not sayable(text):
            return
        async with self._turns:
            sound = await _run(*_invocation(program, text, voice))
        pcm = await asyncio.to_thread(_pcm_of, sound)
        for at in range(0, len(pcm), PIECE_BYTES):
            yield SpokenAudio(pcm=pcm[at : at + PIECE_BYTES])

    async def aclose(self) -> None: ...

    def _found(self) -> Program:
        if self._program is None:
            detail = "no speech program; `make setup` fetches Piper, or install espeak-ng"
            raise _failed(Cause.UNAVAILABLE, detail)
        return self._program


def _invocation(program: Program, text: str, voice: Voice) -> tuple[list[str], bytes]:
    """Return the command and its input; text never stands on a command line others can list."""
    sound = sound_of(voice)
    if program.name == "espeak-ng":
        # Words a minute, and 0 to 99 with 50 as the voice's own pitch.
        speed, pitch = round(165 * sound.rate), round(50 + 60 * (sound.pitch - 1))
        command = [program.path, "-v", "en-us", "-s", str(speed), "-p", str(pitch), "--stdout"]
        return command, text.encode()
    stretch = f"duration_stretch={1 / sound.rate:.2f}"
    mean = f"int_f0_target_mean={round(105 * sound.pitch)}"
    command = [program.path, "--setf", stretch, "--setf", mean, "-", "-o", "/dev/stdout"]
    return command, text.encode()


async def _run(command: list[str], text: bytes) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        raise _failed(Cause.UNAVAILABLE, "the speech program does not start") from error
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, _ = await process.communicate(text)
    except TimeoutError as error:
        raise _failed(Cause.TIMEOUT, "the speech program does not end") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or not out:
        raise _failed(Cause.LOST, f"the speech program ended with {process.returncode}")
    return out


def _pcm_of(sound: bytes) -> bytes:
    """Return a WAV as 16 kHz PCM. A piped WAV may lie about its length."""
    import soxr

    with wave.open(io.BytesIO(sound)) as wav:
        rate, channels, width = wav.getframerate(), wav.getnchannels(), wav.getsampwidth()
        if (channels, width) != (1, 2):
            raise _failed(Cause.BAD_REQUEST, "the speech program's audio is not 16 bit mono")
        frames = wav.readframes(len(sound) // 2)
    samples: Any = np.frombuffer(frames[: len(frames) // 2 * 2], "<i2")
    resampled = samples if rate == SAMPLE_RATE else soxr.resample(samples, rate, SAMPLE_RATE)
    return bytes(resampled.astype("<i2").tobytes())


def _failed(cause: Cause, detail: str) -> EngineFailed:
    return EngineFailed(EngineError(cause=cause, detail=detail))
