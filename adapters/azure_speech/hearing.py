"""The ears of a call: what a recognition tells becomes utterances."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any, assert_never

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.errors import error_of
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.positions import Positions
from adapters.azure_speech.recognition import (
    MAX_SILENCE_MS,
    Began,
    Connected,
    Profanity,
    Recognition,
    Result,
    Stopped,
    Told,
)
from adapters.azure_speech.spares import KEEP_S, Spares
from adapters.mailbox import Mailbox
from core.errors import Cause, EngineError
from core.speech import (
    BYTES_PER_MS,
    FinalHeard,
    HearingConfig,
    HearingEvent,
    HearingFailed,
    PartialHeard,
    SpeechStarted,
    SpeechStopped,
    Word,
)

TICKS_PER_MS = 10_000
CONNECT_S = 8.0
# Beyond the silence that ends a phrase: the detector is not exact.
BURST_MARGIN_MS = 200
# Events nobody fetched.
MAX_EVENTS = 1_000


class AzureHearing:
    """Hears with Azure Speech: a connection and a recognizer for every call.

    `connect_s` bounds the wait for the connection, which is opened with the stream unless there
    is a spare; a spare lives for `spare_s`.
    """

    def __init__(
        self,
        account: SpeechAccount,
        *,
        profanity: Profanity = "masked",
        connect_s: float = CONNECT_S,
        spare_s: float = KEEP_S,
    ) -> None:
        self._account = account
        self._profanity = profanity
        self._connect_s = connect_s
        self._running: SdkThreads | None = None
        self._spares = Spares(self._connected, self._let_go, keep_s=spare_s)

    async def warm(self) -> None:
        """Load the SDK. Raises nothing: what is missing is said by `open`."""
        await asyncio.to_thread(_load)

    async def open(self, config: HearingConfig) -> AzureStream:
        """Start hearing one call; what is wrong with the account comes as an event.

        Raises `EngineFailed` if the SDK cannot be used.
        """
        threads = self._threads()
        stream = AzureStream(config, threads, connect_s=self._connect_s)
        spare = self._spares.take(config)
        make = partial(self._recognition, config, asyncio.get_running_loop())

        def begun() -> Recognition:
            recognition = spare or make()
            recognition.start(stream.take)
            return recognition

        stream.begin(await threads.make(begun))
        return stream

    async def prepare(self, config: HearingConfig) -> None:
        """Have a recognizer with an open connection for a caller who is heard like this.

        Raises nothing: what is wrong is said when somebody is to be heard.
        """
        self._spares.prepare(config)

    async def aclose(self) -> None:
        """Let go of every recognizer; takes a second if the service does not answer."""
        await self._spares.aclose()
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()

    def _threads(self) -> SdkThreads:
        if self._running is None:
            self._running = SdkThreads()
        return self._running

    async def _connected(self, config: HearingConfig) -> Recognition:
        make = partial(self._recognition, config, asyncio.get_running_loop())

        def spare() -> Recognition:
            recognition = make()
            recognition.connect()
            return recognition

        return await self._threads().make(spare)

    def _let_go(self, spare: Recognition) -> None:
        self._threads().release(spare)

    def _recognition(self, config: HearingConfig, loop: asyncio.AbstractEventLoop) -> Recognition:
        return Recognition(self._account, config, self._profanity, loop)


class AzureStream:
    """The ears of one call. Azure tells no end of speech: it is told just before the final."""

    def __init__(self, config: HearingConfig, threads: SdkThreads, *, connect_s: float) -> None:
        self._threads = threads
        self._recognition: Recognition | None = None
        self._box: Mailbox[HearingEvent] = Mailbox()
        self._positions = Positions()
        silence_ms = min(MAX_SILENCE_MS, config.hangover_ms + BURST_MARGIN_MS)
        self._burst = bytes(silence_ms * BYTES_PER_MS)
        self._open = True
        self._speaking = False
        self._began_ms = 0
        self._connected = False
        self._answered = False
        self._asked = False  # for a final, since it is connected
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(connect_s, self._give_up)

    def begin(self, recognition: Recognition) -> None:
        """Feed this recognition, unless the stream has ended meanwhile."""
        if self._open:
            self._recognition = recognition
        else:
            self._threads.release(recognition)

    def push(self, pcm: bytes) -> None:
        """Take the caller's next audio; a stream that has ended takes none."""
        if self._recognition is not None and pcm:
            self._positions.push(pcm)
            self._recognition.write(pcm)

    def finalize(self) -> None:
        """Ask for the final of what was said so far, now.

        Silence is sent faster than real time, and the service is asked to commit. Positions of
        later events are still those of the caller's audio.
        """
        if self._recognition is None:
            return
        if self._asked and not self._answered:
            # It takes all and tells nothing: the SDK waits for ever, and a caller spoke twice.
            self._fail(EngineError(cause=Cause.TIMEOUT, detail="nothing told of two utterances"))
            return
        self._asked = self._connected
        self._positions.insert(self._burst)
        self._recognition.write(self._burst)
        self._recognition.commit()

    def events(self) -> AsyncGenerator[HearingEvent]:
        """Yield what was heard, in order, until closed or failed."""
        return self._box.drain()

    async def aclose(self) -> None:
        """Drop what is unheard."""
        self._shut()
        self._box.close(drop=True)

    def take(self, told: Told) -> None:
        """Understand what the recognition tells; after the end nothing is heard."""
        if not self._open:
            return
        match told:
            case Connected():
                self._connected = True
                self._patience.cancel()
            case Began():
                self._answered = True
                self._start(self._ms(told.offset))
            case Result():
                self._answered = True
                self._understand(told)
            case Stopped():
                # Without a code it just ended, which nobody asked for.
                code = told.code or "EndOfStream"
                self._fail(error_of(code, told.details, begun=self._answered))
            case _:
                assert_never(told)

    def _understand(self, result: Result) -> None:
        body = _body(result.json)
        start_ms, end_ms = self._ms(result.offset), self._ms(result.offset + result.duration)
        if result.kind == "partial":
            text = str(body.get("Text", ""))
            if text:
                self._start(start_ms)
                self._emit(PartialHeard(text=text, start_ms=start_ms, end_ms=end_ms))
            return
        text = str(body.get("DisplayText", "")) if result.kind == "final" else ""
        if not text and (not self._speaking or end_ms <= self._began_ms):
            # A silence that timed out, or a commit of nothing; the SDK may tell of it only after
            # the next speech has begun.
            return
        self._start(start_ms)
        self._speaking = False
        now_ms = self._positions.now_ms
        self._emit(SpeechStopped(speech_end_ms=end_ms, decided_ms=now_ms))
        best: Mapping[str, Any] = next(iter(body.get("NBest", ())), {})
        self._emit(
            FinalHeard(
                text=text,
                start_ms=start_ms,
                end_ms=end_ms,
                decided_ms=now_ms,
                confidence=best.get("Confidence"),
                words=self._words(best, result.offset - int(body.get("Offset", 0))),
                language=str(body.get("PrimaryLanguage", {}).get("Language", "")),
            )
        )

    def _start(self, at_ms: int) -> None:
        # After a reconnection the service tells of the same start again.
        if not self._speaking:
            self._speaking, self._began_ms = True, at_ms
            self._emit(SpeechStarted(at_ms=at_ms))

    def _words(self, best: Mapping[str, Any], base: int) -> tuple[Word, ...]:
        """Return the words; their offsets are those of the turn, which began at `base` (ticks)."""
        return tuple(
            Word(
                text=word["Word"],
                start_ms=self._ms(base + word["Offset"]),
                end_ms=self._ms(base + word["Offset"] + word["Duration"]),
            )
            for word in best.get("Words", ())
        )

    def _ms(self, ticks: int) -> int:
        return self._positions.of(ticks // TICKS_PER_MS)

    def _emit(self, event: HearingEvent) -> None:
        if len(self._box) >= MAX_EVENTS:
            self._fail(EngineError(cause=Cause.LOST, detail="nobody fetches what is heard"))
        else:
            self._box.put(event)

    def _give_up(self) -> None:
        self._fail(EngineError(cause=Cause.TIMEOUT, detail="no connection in time"))

    def _fail(self, error: EngineError) -> None:
        if self._open:
            self._shut()
            self._box.put(HearingFailed(error=error))
            self._box.close()

    def _shut(self) -> None:
        self._open = False
        self._patience.cancel()
        recognition, self._recognition = self._recognition, None
        if recognition is not None:
            self._threads.release(recognition)


def _load() -> None:
    try:
        import azure.cognitiveservices.speech  # noqa: F401
    except (ImportError, OSError):
        return


def _body(text: str) -> dict[str, Any]:
    """Return the service's JSON of a result, empty if it is none."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
