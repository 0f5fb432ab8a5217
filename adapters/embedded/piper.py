"""Speaking with Piper, which runs in a process of its own that is started again when it dies."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict
from pathlib import Path

from adapters.embedded.models import JOE, JOE_CONFIG, find_model, piper_path
from adapters.embedded.piper_wire import HEADER, Kind, message, read_header
from adapters.embedded.voices import sound_of
from core.errors import Cause, EngineError, EngineFailed
from core.speech import SpeakingEvent, SpokenAudio, Voice, sayable

MAX_TEXT = 2_000
MAX_WAITING = 64
START_TIMEOUT_S = 60.0  # one that is slow is not killed for it: the next would be as slow
AUDIO_S = 10.0
STOP_TIMEOUT_S = 2.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0

type Answer = tuple[Kind, bytes]


class PiperSpeaking:
    """Speaks English offline. One child serves every call of the process, clause by clause.

    `command` starts another child that speaks the same protocol. `audio_s` bounds the wait for
    each piece of audio.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        command: Sequence[str] = (),
        audio_s: float = AUDIO_S,
    ) -> None:
        self._folder = folder
        self._command = tuple(command)
        self._audio_s = audio_s
        self._child: _Child | None = None
        self._starting = asyncio.Lock()
        self._backoff_s = 0.0
        self._requests = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._child.pid if self._child and self._child.alive else None

    async def warm(self) -> None:
        """Start the child and load the voice (about 1.5 s). Raises `EngineFailed`."""
        await self._ready()

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[SpeakingEvent]:
        """Yield the audio of `text`, at most 2,000 characters. Raises `EngineFailed`.

        A child that dies before it has said anything of the text is replaced unnoticed, once.
        """
        if len(text) > MAX_TEXT:
            raise _failed(Cause.BAD_REQUEST, "text too long to speak at once")
        if not sayable(text):
            return
        asked = json.dumps({"text": text, **asdict(sound_of(voice))}).encode()
        begun = False
        try:
            async with aclosing(self._say(asked)) as pieces:
                async for pcm in pieces:
                    begun = True
                    yield SpokenAudio(pcm=pcm)
        except EngineFailed as failure:
            if begun or failure.error.cause is not Cause.LOST:
                raise
            async with aclosing(self._say(asked)) as pieces:
                async for pcm in pieces:
                    yield SpokenAudio(pcm=pcm)

    async def aclose(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            await child.stop()

    async def _say(self, asked: bytes) -> AsyncGenerator[bytes]:
        child = await self._ready()
        request = next(self._requests)
        answers = child.ask(request, asked)
        finished = False
        try:
            while True:
                async with asyncio.timeout(self._audio_s):
                    kind, payload = await answers.get()
                finished = kind is not Kind.AUDIO
                if kind is Kind.AUDIO:
                    self._backoff_s = 0.0
                    yield payload
                elif kind is Kind.END:
                    return
                else:
                    lost = not child.alive
                    raise _failed(Cause.LOST if lost else Cause.BAD_REQUEST, payload.decode())
        except TimeoutError as error:
            if child.silent_s >= self._audio_s:
                # It hangs: the next clause gets a new one. Else it only has much to say for others.
                child.kill()
            raise _failed(Cause.TIMEOUT, "the speaking process does not answer") from error
        finally:
            child.forget(request, cancel=not finished)

    async def _ready(self) -> _Child:
        async with self._starting:
            if self._child is None or not self._child.alive:
                dead, self._child = self._child, None
                if dead is not None:
                    await dead.stop()
                # Grows with every start that no audio follows.
                await asyncio.sleep(self._backoff_s)
                self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, 2 * self._backoff_s))
                self._child = await _Child.start(*await asyncio.to_thread(self._invocation))
            return self._child

    def _invocation(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the child's command and environment, which holds no secret of ours."""
        keep = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        if self._command:
            return self._command, keep
        find_model(JOE_CONFIG, self._folder)
        model = find_model(JOE, self._folder)
        engine = piper_path(self._folder)
        ours = Path(__file__).parents[2]
        paths = os.pathsep.join(str(path) for path in (ours, engine) if path)
        command = (sys.executable, "-m", "adapters.embedded.piper_child", str(model))
        return command, keep | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}


class _Child:
    """One life of the speaking process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Queue[Answer]] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(), name="piper-reader")
        self._told_at = 0.0
        self.alive = True

    @classmethod
    async def start(cls, command: Sequence[str], environment: dict[str, str]) -> _Child:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
            )
        except OSError as error:
            raise _failed(Cause.UNAVAILABLE, "the speaking process does not start") from error
        child = cls(process)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await asyncio.shield(child._ready)
        except TimeoutError as error:
            await child.stop()
            raise _failed(Cause.TIMEOUT, "the speaking process does not get ready") from error
        except (asyncio.CancelledError, EngineFailed):  # nobody waits for it, or it cannot speak
            await child.stop()
            raise
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def silent_s(self) -> float:
        """For how long it has told nobody anything."""
        return asyncio.get_running_loop().time() - self._told_at

    def ask(self, request: int, payload: bytes) -> asyncio.Queue[Answer]:
        if len(self._answers) >= MAX_WAITING:
            raise _failed(Cause.THROTTLED, "too many clauses wait to be spoken")
        # Bounded by the text: the child sends no more than its audio.
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._answers[request] = answers
        self._write(message(Kind.SPEAK, request, payload))
        return answers

    def forget(self, request: int, *, cancel: bool) -> None:
        self._answers.pop(request, None)
        if cancel and self.alive:
            self._write(message(Kind.CANCEL, request))

    def kill(self) -> None:
        self.alive = False
        with suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """End it: politely by closing its stdin, then not."""
        assert self._process.stdin is not None  # noqa: S101  # it was opened with a pipe
        self.alive = False
        self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._reader
        if self._ready.done() and not self._ready.cancelled():
            self._ready.exception()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was opened with a pipe
        if not self._process.stdin.is_closing():
            self._process.stdin.write(data)

    async def _read(self) -> None:
        """Hand out what the child says; when it is gone, tell everybody who waits."""
        assert self._process.stdout is not None  # noqa: S101  # it was opened with a pipe
        reason = "the speaking process ended"
        try:
            while True:
                header = await self._process.stdout.readexactly(HEADER.size)
                length, kind, request = read_header(header)
                payload = await self._process.stdout.readexactly(length)
                self._told_at = asyncio.get_running_loop().time()
                if kind is Kind.READY:
                    self._ready.set_result(None)
                elif kind is Kind.FAILED and request == 0:
                    reason = payload.decode(errors="replace")
                elif answers := self._answers.get(request):
                    answers.put_nowait((kind, payload))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            self.alive = False
        if not self._ready.done():
            self._ready.set_exception(_failed(Cause.UNAVAILABLE, reason))
        for answers in self._answers.values():
            answers.put_nowait((Kind.FAILED, reason.encode()))


def _failed(cause: Cause, detail: str) -> EngineFailed:
    return EngineFailed(EngineError(cause=cause, detail=detail))
