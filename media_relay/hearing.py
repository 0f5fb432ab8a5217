"""The ears of one call: audio in, events out, and a second try when the engine drops dead.

What the dead one had not understood yet is heard again by the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from core.agents import Scenario, SpeechSpec
from core.endpointing import EndpointSettings
from core.errors import EngineFailed
from core.ports import Hearing, HearingStream, Preparing, TurnJudge
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
)
from media_relay.endpointing import Endpointing
from media_relay.habits import Habits
from media_relay.turn_record import Decided, FrameTimes

_KEPT = 500  # frames (10 s) that another stream would have to hear again ...
_QUIET = 50  # ... and of silence: the first sound of a word is quiet too.
_UNPROVEN = 200  # A stream that has told nothing may have heard nothing (its line is not up yet).
_JUDGED = 400  # frames (8 s) that the judge of sound hears

_MOST_PARTIALS = 30  # of an utterance, on record
_OURS = EndpointSettings()


def config_of(speech: SpeechSpec, settings: EndpointSettings = _OURS) -> HearingConfig:
    """Return how an agent's callers are heard, by the relay's settings where he has none."""
    return HearingConfig(
        language=speech.language,
        hangover_ms=speech.vad_silence_timeout_ms,
        hints=speech.hints,
        languages=speech.languages,
        semantic=speech.semantic,
        patient=True,
        threshold=settings.threshold if speech.vad_threshold is None else speech.vad_threshold,
    )


async def expect_calls(engine: Hearing, scenario: Scenario) -> None:
    """Have ears ready for the next caller of this scenario, where the engine can."""
    if isinstance(engine, Preparing):
        await engine.prepare(config_of(scenario.agent(scenario.start_agent).speech))


class Hearer:
    """Hears one call. `on_lost` is told when the caller cannot be heard any more.

    `engine` is who heard the last words, if that was not the first engine of its chain.
    """

    def __init__(
        self,
        engine: Hearing,
        *,
        on_event: Callable[[HearingEvent], None],
        on_stumble: Callable[[str], None],
        on_lost: Callable[[], None],
        tries: int = 2,
        settings: EndpointSettings | None = None,
        judge: TurnJudge | None = None,
    ) -> None:
        self.decided = Decided()
        self.engine = ""
        self.habits = Habits()
        self._tries = tries
        self._engine = engine
        self._settings = settings or _OURS
        self._judge = judge
        self._judging: asyncio.Task[None] | None = None
        self._sound: deque[bytes] = deque(maxlen=_JUDGED if judge else 0)
        self._endpointing: Endpointing | None = None
        self._on_event = on_event
        self._on_stumble = on_stumble
        self._on_lost = on_lost
        self._config = HearingConfig()
        self._stream: HearingStream | None = None
        self._times = FrameTimes()
        self._loop = asyncio.get_running_loop()
        self._partials: deque[float] = deque(maxlen=_MOST_PARTIALS)
        # What no final covers yet: (audio, timestamp, arrival).
        self._unheard: deque[tuple[bytes, str, float]] = deque(maxlen=_KEPT)
        self._dropped = 0  # streams that failed
        self._quiet = _UNPROVEN
        self._speaking = False  # the caller, as far as words of his are still to come
        self._task: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup
        self._ends = self._settings

    def start(self, tasks: asyncio.TaskGroup, speech: SpeechSpec) -> None:
        """Hear as this agent does; nothing changes if it is heard that way already."""
        config = config_of(speech, self._settings)
        self._ends = self._settings_of(speech)
        self._tasks = tasks
        self.habits.language = speech.language
        if self._endpointing is not None:
            self._endpointing.follow(self._ends)
        if self._task is not None and config == self._config:
            return
        if self._task is not None:
            self._task.cancel()
        self._config = config
        self._stream = None
        self._task = tasks.create_task(self._listen())

    @property
    def now(self) -> Decided:
        """Where in the caller's audio we are."""
        return self._times.newest

    def stop(self) -> None:
        """Hear nothing more, and keep no sound: what is left of a call may lie about for long."""
        for task in (self._task, self._judging):
            if task is not None:
                task.cancel()
        self._unheard, self._sound = deque(maxlen=0), deque(maxlen=0)
        self._times = FrameTimes()

    def agent_said(self, text: str, language: str) -> None:
        """The agent's present reply so far; what it asks for decides how long pauses may be."""
        self.habits.asked(text, language)

    def agent_sounds(self) -> None:
        """The agent can be heard: whoever speaks now answers it."""
        self.habits.answered = True

    def _settings_of(self, speech: SpeechSpec) -> EndpointSettings:
        own = {
            "fixed": speech.endpointing == "fixed" if speech.endpointing else None,
            "usual_ms": speech.vad_silence_timeout_ms or None,
            "shortest_ms": speech.min_silence_ms or None,
            "longest_ms": speech.max_silence_ms or None,
        }
        given = {name: value for name, value in own.items() if value is not None}
        return replace(self._settings, **given)  # type: ignore[arg-type]

    def push(self, pcm: bytes, timestamp: str, at: float) -> None:
        """Take the caller's next audio; what comes while a stream opens is kept for it."""
        unheard = self._unheard
        unheard.append((pcm, timestamp, at))
        if self._stream is not None:
            self._times.push(len(pcm), timestamp, at)
            self._stream.push(pcm)
            self._sound.append(pcm)
            if self._endpointing is not None:
                self._endpointing.push(self._times.position_ms)
            while not self._speaking and len(unheard) > self._quiet:
                unheard.popleft()

    async def _listen(self) -> None:
        """Hear until cancelled; a stream that fails before anything was heard is not retried."""
        failures = 0
        while failures < self._tries:
            try:
                failures = await self._one_stream(failures)
            except EngineFailed as failure:
                failures += 1
                self._dropped += 1
                self._on_stumble(str(failure.error.cause))
        self._on_lost()

    async def _one_stream(self, failures: int) -> int:
        stream = await self._engine.open(replace(self._config, dropped=self._dropped))
        self._quiet = _UNPROVEN
        self._times = FrameTimes()
        self._stream = stream
        ending = Endpointing(
            self._ends,
            self.habits,
            tell=self._tell,
            finalize=stream.finalize,
            judge=self._ask_judge,
        )
        self._endpointing = ending
        for pcm, timestamp, at in self._unheard:
            self._times.push(len(pcm), timestamp, at)
            stream.push(pcm)
        ending.push(self._times.position_ms)
        try:
            async for event in stream.events():
                if isinstance(event, HearingFailed):
                    self._dropped += 1
                    self._on_stumble(str(event.error.cause))
                    self._tell(event)
                    break
                self._quiet = _QUIET
                if isinstance(event, FinalHeard):
                    self.engine = event.engine
                    failures = 0 if event.text else failures
                ending.hear(event)
        finally:
            ending.close()
            if self._stream is stream:
                self._stream = self._endpointing = None
            await stream.aclose()
        return failures + 1

    def _tell(self, event: HearingEvent) -> None:
        if isinstance(event, FinalHeard) and event.corrects:
            self._forget(event.end_ms)  # he may be saying something else by now
            self._on_event(event)
            return
        if isinstance(event, SpeechStopped | FinalHeard):
            end_ms = event.speech_end_ms if isinstance(event, SpeechStopped) else event.end_ms
            decided = self._times.deciding(event.decided_ms, end_ms) or self.decided
            self.decided = decided._replace(partials=tuple(self._partials))
        if isinstance(event, PartialHeard):
            self._partials.append(self._loop.time())
        if isinstance(event, SpeechStarted):
            self._partials.clear()
            self._speaking = True
        if isinstance(event, FinalHeard):
            self._speaking = False
            if event.text:
                self._forget(event.decided_ms)
            else:  # noise, or ears that are dead: others may have to hear it again
                self._quiet = _UNPROVEN
        self._on_event(event)

    def _ask_judge(self) -> None:
        """Have the sound of this pause judged on a thread; the words decide meanwhile."""
        ending = self._endpointing
        if self._judge is None or ending is None or ending.paused_ms is None:
            return
        if self._judging is not None:
            self._judging.cancel()
        audio = b"".join(self._sound)
        work = self._judgement(self._judge, ending, audio, ending.paused_ms)
        self._judging = self._tasks.create_task(work)

    async def _judgement(
        self, judge: TurnJudge, ending: Endpointing, audio: bytes, paused_ms: int
    ) -> None:
        try:
            ending.judged(await judge.likely_done(audio), paused_ms)
        except EngineFailed as failure:
            self._judge = None  # silence and words are enough
            self._on_stumble(str(failure.error.cause))

    def _forget(self, until_ms: int) -> None:
        """Keep only what came after this position of the stream."""
        after = self._times.position_ms - until_ms
        kept: list[tuple[bytes, str, float]] = []
        while self._unheard and after > 0:
            kept.append(self._unheard.pop())
            after -= len(kept[-1][0]) // BYTES_PER_MS
        self._unheard.clear()
        self._unheard.extend(reversed(kept))
