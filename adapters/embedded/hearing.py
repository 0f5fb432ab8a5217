"""How one model and a few threads hear every call of a process."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from adapters.embedded.detecting import WINDOW_MS, Detection, Listener
from adapters.embedded.endpointing import Began, Ended, Endpointer, Mark, Paused, Resumed
from adapters.embedded.pcm import Samples, samples_of
from adapters.embedded.utterance import Utterance
from adapters.embedded.workers import Urgency, Workers
from adapters.mailbox import Mailbox
from core.errors import Cause, EngineError, EngineFailed
from core.speech import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
)

# Heard before the detector was sure: the first consonant is in it.
PRE_ROLL_MS = 320
# Finals that wait for a thread. More means that this machine cannot keep up.
MAX_UNFINISHED = 8
# Events nobody fetched.
MAX_EVENTS = 1_000
# Silence after which a patient stream ends an utterance by itself: nobody seems to decide.
LAST_RESORT_MS = 6_000


class Recognizer(Protocol):
    """Turns samples into words; called from several threads at a time."""

    def transcribe(self, samples: Samples, *, stopped: Callable[[], bool]) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingModels:
    """What hearing needs: one recognizer for all, a listener for each call."""

    recognizer: Recognizer
    listener: Callable[[], Listener]


def load_models(folder: Path | None = None) -> HearingModels:
    """Load Moonshine and Silero (about 0.5 s, 180 MB). Raises `EngineFailed`."""
    from adapters.embedded.moonshine import Moonshine
    from adapters.embedded.silero import Silero

    return HearingModels(recognizer=Moonshine(folder), listener=Silero(folder).listener)


class MoonshineHearing:
    """Hears English offline. The models are loaded once, by `warm` or by the first `open`."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        load: Callable[[Path | None], HearingModels] = load_models,
        threads: int | None = None,
    ) -> None:
        self._folder = folder
        self._load = load
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self._models: HearingModels | None = None
        self._loading = asyncio.Lock()
        self._workers: Workers | None = None

    async def warm(self) -> None:
        """Load the models and start the threads."""
        await self._ready()

    async def open(self, config: HearingConfig) -> MoonshineStream:
        """Start hearing one call. Raises `EngineFailed` for a language other than English."""
        if not config.language.lower().startswith("en"):
            detail = f"the embedded model hears English, not {config.language}"
            raise EngineFailed(EngineError(cause=Cause.BAD_REQUEST, detail=detail))
        models, workers = await self._ready()
        return MoonshineStream(config, models, workers)

    async def aclose(self) -> None:
        """Stop the threads."""
        workers, self._workers = self._workers, None
        if workers is not None:
            await workers.aclose()

    async def _ready(self) -> tuple[HearingModels, Workers]:
        async with self._loading:
            if self._models is None:
                self._models = await asyncio.to_thread(self._load, self._folder)
            if self._workers is None:
                self._workers = Workers(self._threads)
            return self._models, self._workers


class MoonshineStream:
    """The ears of one call: detection as the audio comes, recognition on the threads."""

    def __init__(self, config: HearingConfig, models: HearingModels, workers: Workers) -> None:
        self._recognizer = models.recognizer
        self._workers = workers
        self._patient = config.patient
        self._endpointer = Endpointer(
            window_ms=WINDOW_MS,
            hangover_ms=LAST_RESORT_MS if config.patient else config.hangover_ms,
            threshold=config.threshold,
        )
        self._detection = Detection(models.listener(), self._endpointer, self._window)
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._recent: deque[bytes] = deque(maxlen=PRE_ROLL_MS // WINDOW_MS)
        self._now_ms = 0
        self._open = True
        # The last one may still be spoken; those before it wait for their words.
        self._utterances: deque[Utterance] = deque()

    def push(self, pcm: bytes) -> None:
        """Take audio of any length; about 0.1 ms of work per 32 ms of speech."""
        self._detection.push(pcm)

    def finalize(self) -> None:
        """End the utterance now; its final comes at once if he paused long enough."""
        if self._open and self._endpointer.speaking:
            self._end(self._endpointer.end())

    def events(self) -> AsyncGenerator[HearingEvent]:
        """Yield what was heard, in order, until closed or failed."""
        return self._box.drain()

    async def aclose(self) -> None:
        """Drop everything, also what a thread is working on."""
        self._shut()
        self._box.close(drop=True)

    def _window(self, window: bytes, mark: Mark | None) -> None:
        self._now_ms += WINDOW_MS
        if isinstance(mark, Resumed):
            self._utterances[-1].resume()
            if self._patient:
                self._emit(SpeechResumed(at_ms=self._now_ms))
        if self._endpointer.speaking and not isinstance(mark, Began):
            self._utterances[-1].add(window)
        else:
            self._recent.append(window)
        match mark:
            case Began():
                self._begin(mark.at_ms)
            case Paused():
                self._utterances[-1].pause(mark.at_ms)
                if self._patient:
                    self._emit(SpeechPaused(at_ms=mark.at_ms, now_ms=self._now_ms))
            case Ended():
                self._end(mark)
            case Resumed() | None:
                pass
            case _:
                assert_never(mark)

    def _begin(self, at_ms: int) -> None:
        if len(self._utterances) >= MAX_UNFINISHED:
            self._fail(EngineError(cause=Cause.THROTTLED, detail="recognition cannot keep up"))
            return
        utterance = Utterance(
            start_ms=at_ms,
            audio=b"".join(self._recent),
            audio_start_ms=self._now_ms - len(self._recent) * WINDOW_MS,
            decode=self._decode,
            guessed=self._partial,
        )
        self._recent.clear()
        self._utterances.append(utterance)
        self._emit(SpeechStarted(at_ms=at_ms))

    def _end(self, mark: Ended) -> None:
        utterance = self._utterances[-1]
        self._emit(SpeechStopped(speech_end_ms=mark.at_ms, decided_ms=self._now_ms))
        utterance.end(end_ms=mark.at_ms, decided_ms=self._now_ms)
        self._publish()

    def _decode(
        self, urgency: Urgency, audio: bytes, done: Callable[[str], None]
    ) -> Callable[[], None] | None:
        """Ask for the words in `audio`; return how to call it off, None for a refused partial."""
        if urgency is Urgency.PARTIAL and not self._workers.idle:
            return None
        recognizer = self._recognizer

        def work(stopped: Callable[[], bool]) -> str:
            samples = samples_of(audio)
            return recognizer.transcribe(samples, stopped=stopped)

        def finished(outcome: str | Exception) -> None:
            if isinstance(outcome, Exception):
                detail = f"recognition crashed: {type(outcome).__name__}"
                self._fail(EngineError(cause=Cause.LOST, detail=detail))
            elif self._open:
                done(outcome)
                self._publish()

        return self._workers.submit(urgency, work, finished).cancel

    def _partial(self, utterance: Utterance, partial: PartialHeard) -> None:
        # A partial must not overtake the final of the utterance before it.
        if self._utterances and self._utterances[0] is utterance:
            self._emit(partial)

    def _publish(self) -> None:
        """Emit finals in the order of speech, however the threads finished."""
        while self._utterances and (final := self._utterances[0].final):
            self._utterances.popleft()
            self._emit(final)

    def _emit(self, event: HearingEvent) -> None:
        if len(self._box) >= MAX_EVENTS:
            self._fail(EngineError(cause=Cause.LOST, detail="nobody fetches what is heard"))
        else:
            self._box.put(event)

    def _fail(self, error: EngineError) -> None:
        self._shut()
        self._box.put(HearingFailed(error=error))
        self._box.close()

    def _shut(self) -> None:
        self._open = False
        self._detection.close()
        for utterance in self._utterances:
            utterance.abandon()
        self._utterances.clear()
