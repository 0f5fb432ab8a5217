"""Piper's process and its stand-ins: audio, cancelling, dying, coming back."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from adapters.embedded.piper import PiperSpeaking
from adapters.embedded.system_speech import Program, SystemSpeaking
from adapters.embedded.voices import MAX_PITCH, MIN_PITCH, caller_voice, sound_of
from core.errors import Cause, EngineFailed
from core.ports import Speaking
from core.speech import SpokenAudio, Voice

# Speaks the child's protocol: "silent" never answers, "bad" fails, "die" ends the process,
# anything else is a sample per letter.
CHILD = """
import sys
from adapters.embedded.piper_wire import HEADER, Kind, message, read_header
import json, os
def send(*parts):
    sys.stdout.buffer.write(message(*parts)); sys.stdout.buffer.flush()
send(Kind.READY, 0)
while len(header := sys.stdin.buffer.read(HEADER.size)) == HEADER.size:
    length, kind, request = read_header(header)
    payload = sys.stdin.buffer.read(length)
    if kind is Kind.CANCEL:
        continue
    text = json.loads(payload)["text"]
    if text == "die":
        os._exit(1)
    if text == "bad":
        send(Kind.FAILED, request, b"ValueError")
    elif text != "silent":
        send(Kind.AUDIO, request, b"\\1\\0" * len(text))
        if text != "endless":
            send(Kind.END, request)
"""


def fake(script: str = CHILD, *, audio_s: float = 60) -> PiperSpeaking:
    # -c puts the working directory, the checkout, on the path.
    return PiperSpeaking(command=[sys.executable, "-c", script], audio_s=audio_s)


@asynccontextmanager
async def speaking_with(engine: PiperSpeaking) -> AsyncIterator[PiperSpeaking]:
    try:
        yield engine
    finally:
        await engine.aclose()


async def audio_of(engine: Speaking, text: str, voice: Voice | None = None) -> bytes:
    pieces = [event async for event in engine.speak(text, voice or Voice())]
    return b"".join(piece.pcm for piece in pieces if isinstance(piece, SpokenAudio))


async def test_a_clause_comes_back_as_audio_and_many_at_once_do_not_mix() -> None:
    async with speaking_with(fake()) as engine:
        audio = await asyncio.gather(*(audio_of(engine, "x" * n) for n in range(1, 20)))

    assert [len(pcm) // 2 for pcm in audio] == list(range(1, 20))


async def test_text_without_words_is_no_audio_and_starts_no_process() -> None:
    async with speaking_with(fake()) as engine:
        audio = await audio_of(engine, " ... ")

        assert (audio, engine.pid) == (b"", None)


async def test_a_child_that_is_killed_is_replaced_for_the_next_clause() -> None:
    async with speaking_with(fake()) as engine:
        await engine.warm()
        first = engine.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        audio = await audio_of(engine, "hello")

        assert len(audio) == 10
        assert engine.pid != first


async def test_a_text_that_kills_every_child_is_a_failure_and_the_next_one_is_spoken() -> None:
    async with speaking_with(fake()) as engine:
        with pytest.raises(EngineFailed) as failed:
            await audio_of(engine, "die")

        assert failed.value.error.cause is Cause.LOST
        assert len(await audio_of(engine, "hello")) == 10


async def test_a_child_that_dies_in_mid_clause_fails_that_clause_alone() -> None:
    async with speaking_with(fake()) as engine:
        stream = engine.speak("endless", Voice())
        await anext(stream)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)

        with pytest.raises(EngineFailed) as failed:
            await anext(stream)

        assert failed.value.error.cause is Cause.LOST
        assert len(await audio_of(engine, "hello")) == 10


async def test_a_child_that_hangs_is_replaced_for_the_next_clause() -> None:
    async with speaking_with(fake(audio_s=0.2)) as engine:
        await engine.warm()
        first = engine.pid

        with pytest.raises(EngineFailed) as failed:
            await audio_of(engine, "silent")
        await engine.warm()

        assert failed.value.error.cause is Cause.TIMEOUT
        assert engine.pid != first


async def test_a_child_that_only_has_much_to_say_for_others_lives_on() -> None:
    async with speaking_with(fake(audio_s=1)) as engine:
        await engine.warm()
        first = engine.pid

        late = asyncio.create_task(audio_of(engine, "silent"))
        while not late.done():
            await audio_of(engine, "hello")

        assert isinstance(late.exception(), EngineFailed)
        assert engine.pid == first


async def test_a_text_the_voice_cannot_speak_fails_and_the_child_lives_on() -> None:
    async with speaking_with(fake()) as engine:
        await engine.warm()
        pid = engine.pid

        with pytest.raises(EngineFailed, match="ValueError"):
            await audio_of(engine, "bad")

        assert engine.pid == pid


async def test_a_cancelled_clause_leaves_nothing_behind_for_the_next() -> None:
    async with speaking_with(fake()) as engine:
        async with aclosing(engine.speak("endless", Voice())) as stream:
            await anext(stream)

        assert len(await audio_of(engine, "hello")) == 10


async def test_a_child_that_never_gets_ready_is_an_error_with_its_words() -> None:
    refusal = "import sys; from adapters.embedded.piper_wire import *\n"
    refusal += "sys.stdout.buffer.write(message(Kind.FAILED, 0, b'no such voice'))"

    with pytest.raises(EngineFailed, match="no such voice"):
        await fake(refusal).warm()


async def test_a_program_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(EngineFailed) as failed:
        await PiperSpeaking(command=["/no/such/program"]).warm()

    assert failed.value.error.cause is Cause.UNAVAILABLE


async def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(EngineFailed, match="too long"):
        await audio_of(fake(), "x" * 10_000)


async def test_closing_ends_the_child() -> None:
    engine = fake()
    await engine.warm()
    pid = engine.pid
    assert pid is not None

    await engine.aclose()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def program(folder: Path, body: str) -> Program:
    path = folder / "espeak-ng"
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return Program(name="espeak-ng", path=str(path))


WAV = """
import io, sys, wave
text = sys.stdin.read()
out = io.BytesIO()
with wave.open(out, "wb") as wav:
    wav.setnchannels(1); wav.setsampwidth(2); wav.setframerate(8000)
    wav.writeframes(b"\\1\\1" * 800 * len(text))
sys.stdout.buffer.write(out.getvalue())
"""


async def test_a_system_program_speaks_where_piper_is_absent(tmp_path: Path) -> None:
    engine = SystemSpeaking(program(tmp_path, WAV))

    audio = await audio_of(engine, "four")

    assert len(audio) == 4 * 100 * 32


async def test_a_system_program_that_fails_is_an_error_and_never_a_tone(tmp_path: Path) -> None:
    engine = SystemSpeaking(program(tmp_path, "raise SystemExit(3)"))

    with pytest.raises(EngineFailed, match="ended with 3"):
        await audio_of(engine, "four")


def test_agents_differ_from_each_other_and_more_so_from_the_caller() -> None:
    names = ("en-US-AvaMultilingualNeural", "en-US-AndrewNeural", "en-US-EmmaNeural", "joe")

    pitches = [sound_of(Voice(name=name)).pitch for name in names]
    drawn = [sound_of(Voice(name=f"voice {n}", pitch="+20%")).pitch for n in range(50)]

    assert len(set(pitches)) == len(names)
    assert pitches[0] > 1.1 * pitches[2] > 1.2 * pitches[1]
    assert all(MIN_PITCH <= pitch <= MAX_PITCH for pitch in (*pitches, *drawn))
    assert sound_of(caller_voice()).pitch > 1.15 * MAX_PITCH


def test_rate_and_pitch_are_percentages_and_anything_else_changes_nothing() -> None:
    plain = sound_of(Voice(name="joe"))

    assert sound_of(Voice(name="joe", rate="+10%")).rate == pytest.approx(1.1)
    assert sound_of(Voice(name="joe", pitch="-8%")).pitch == pytest.approx(0.92)
    assert sound_of(Voice(name="joe", rate="fast", pitch="+x%")) == plain


def test_silence_around_speech_is_trimmed() -> None:
    from adapters.embedded.piper_child import LEAD_MS, TAIL_MS, trimmed

    samples = np.concatenate([np.zeros(16_000), np.full(16_000, 0.5), np.zeros(16_000)])

    assert len(trimmed(samples, 16_000)) == pytest.approx(16_000 + (LEAD_MS + TAIL_MS) * 16, abs=1)
    assert len(trimmed(np.zeros(1_000), 16_000)) == 0
