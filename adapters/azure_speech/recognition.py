"""One recognition of the Speech SDK: how it is set up, and what it tells as plain data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.native import forget_identity
from core.speech import SAMPLE_RATE, HearingConfig

# The service takes silence that ends a phrase from 100 to 5,000 ms.
MIN_SILENCE_MS, MAX_SILENCE_MS = 100, 5_000
MAX_HINTS = 500
# The first of these is what a call begins in; the service takes ten at a time.
MAX_LANGUAGES = 10

type Profanity = Literal["masked", "removed", "raw"]

# Properties of the SDK that have a name only. The first: it sends more than 5 s of audio at
# twice real time, which would hold up a burst of silence for half its length. The second: how
# long it waits for the service to agree to a stop, else 10 s.
_UNHURRIED = ("SPEECH-TransmitLengthBeforeThrottleMs", str(24 * 3600 * 1000))
STOP_WAIT_S = 1
_STOP_WAIT = ("SPEECH-StopRecognitionTimeoutInSeconds", str(STOP_WAIT_S))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The service has taken the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The connection is gone. The SDK makes another, and waits for that as long as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Speech began. Offset in ticks of 100 ns."""

    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A partial or a final: the service's JSON, and where it lies in the whole stream (ticks)."""

    kind: Literal["partial", "final", "no_match"]
    json: str
    offset: int
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """It is over. `code` is the SDK's name of the error, empty for none."""

    code: str = ""
    details: str = ""


type Told = Connected | Disconnected | Began | Result | Stopped


class Recognition:
    """The SDK's objects of one call. Make, start and release it on a thread that may wait.

    It hears nothing before it is started; `connect` may have its connection open by then.
    """

    def __init__(
        self,
        account: SpeechAccount,
        config: HearingConfig,
        profanity: Profanity,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        import azure.cognitiveservices.speech as sdk

        self.connected = False
        self.broken = False  # a connection that was lost or refused before the start
        self._loop = loop
        self._tell: Callable[[Told], None] = _nobody
        self._audio = sdk.audio.PushAudioInputStream(sdk.audio.AudioStreamFormat(SAMPLE_RATE))
        speech = _speech_config(account, config, profanity)
        self._recognizer: Any = sdk.SpeechRecognizer(
            speech, sdk.audio.AudioConfig(stream=self._audio), **_languages(config)
        )
        self._hints = sdk.PhraseListGrammar.from_recognizer(self._recognizer)
        for hint in config.hints[:MAX_HINTS]:
            self._hints.addPhrase(hint)
        self._connection = sdk.Connection.from_recognizer(self._recognizer)
        self._listen(sdk)

    def connect(self) -> None:
        """Open the connection before anybody has to be heard. May block."""
        with suppress(RuntimeError):  # what is wrong is told when it is started
            self._connection.open(True)

    def start(self, tell: Callable[[Told], None]) -> None:
        """Begin to hear. `tell` is called on the loop, in the order of what happened."""
        self._tell = tell
        if self.connected:
            self._pass(Connected())
        self._recognizer.start_continuous_recognition_async().get()

    def write(self, pcm: bytes) -> None:
        """Take audio; about 20 µs."""
        self._audio.write(pcm)

    def commit(self) -> None:
        """Ask the service to finalize what it has; it may not know how."""
        self._audio.commit()

    def stop(self) -> bool:
        """Have the service end, and tell the last it heard; return whether it answered that.

        Takes 0.1 s, or 1 s without an answer. The SDK tells of an end in both cases alike, and of
        the missing answer after it.
        """
        recognizer = self._recognizer
        if recognizer is None:
            return False
        began = time.monotonic()
        with suppress(RuntimeError):
            recognizer.stop_continuous_recognition_async().get()
            return time.monotonic() - began < STOP_WAIT_S
        return False

    def release(self) -> None:
        """Stop and drop everything. Takes as long as `stop`."""
        recognizer, self._recognizer = self._recognizer, None
        if recognizer is None:
            return
        with suppress(RuntimeError):
            recognizer.stop_continuous_recognition_async().get()
        for signal in _signals(recognizer, self._connection):
            signal.disconnect_all()
        forget_identity(recognizer, "Recognizer")
        del self._connection, self._hints, recognizer
        del self._audio

    def _listen(self, sdk: Any) -> None:
        kinds = {
            sdk.ResultReason.RecognizingSpeech: "partial",
            sdk.ResultReason.RecognizedSpeech: "final",
        }

        def result(event: Any) -> None:
            found = event.result
            self._pass(
                Result(
                    kind=kinds.get(found.reason, "no_match"),  # type: ignore[arg-type]
                    json=found.json,
                    offset=found.offset,
                    duration=found.duration,
                )
            )

        def canceled(event: Any) -> None:
            self.broken = True
            why = event.cancellation_details
            code = why.code.name if why.reason is sdk.CancellationReason.Error else ""
            self._pass(Stopped(code=code, details=why.error_details))

        recognizer = self._recognizer
        recognizer.recognizing.connect(result)
        recognizer.recognized.connect(result)
        recognizer.canceled.connect(canceled)
        recognizer.session_stopped.connect(lambda _: self._pass(Stopped()))
        recognizer.speech_start_detected.connect(
            lambda event: self._pass(Began(offset=event.offset))
        )
        self._connection.connected.connect(lambda _: self._line(up=True))
        self._connection.disconnected.connect(lambda _: self._line(up=False))

    def _line(self, *, up: bool) -> None:
        self.connected = up
        self.broken = self.broken or not up
        self._pass(Connected() if up else Disconnected())

    def _pass(self, told: Told) -> None:
        """Hand over to the loop; all that is ever done on a thread of the SDK."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._tell, told)


def _nobody(_: Told) -> None:
    """Nobody is heard yet."""


def _signals(recognizer: Any, connection: Any) -> tuple[Any, ...]:
    return (
        recognizer.recognizing,
        recognizer.recognized,
        recognizer.canceled,
        recognizer.session_stopped,
        recognizer.speech_start_detected,
        connection.connected,
        connection.disconnected,
    )


def _speech_config(account: SpeechAccount, config: HearingConfig, profanity: Profanity) -> Any:
    import azure.cognitiveservices.speech as sdk

    speech = account.config()
    speech.output_format = sdk.OutputFormat.Detailed
    speech.request_word_level_timestamps()
    speech.set_profanity(sdk.ProfanityOption[profanity.capitalize()])
    silence = min(MAX_SILENCE_MS, max(MIN_SILENCE_MS, config.hangover_ms))
    speech.set_property(sdk.PropertyId.Speech_SegmentationSilenceTimeoutMs, str(silence))
    strategy = "Semantic" if config.semantic else "Time"
    speech.set_property(sdk.PropertyId.Speech_SegmentationStrategy, strategy)
    if config.languages:
        mode = sdk.PropertyId.SpeechServiceConnection_LanguageIdMode
        speech.set_property(mode, "Continuous")
    for name, value in (_UNHURRIED, _STOP_WAIT):
        speech.set_property_by_name(name, value)
    return speech


def _languages(config: HearingConfig) -> dict[str, Any]:
    import azure.cognitiveservices.speech as sdk

    if not config.languages:
        return {"language": config.language}
    candidates = list(dict.fromkeys((config.language, *config.languages)))[:MAX_LANGUAGES]
    detect = sdk.languageconfig.AutoDetectSourceLanguageConfig(languages=candidates)
    return {"auto_detect_source_language_config": detect}
