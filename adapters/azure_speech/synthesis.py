"""One synthesizer of the Speech SDK with its connection, and what it tells as plain data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.native import forget_identity
from adapters.azure_speech.ssml import NEUTRAL
from core.speech import SpeakingEvent, SpokenAudio, SpokenWord, Voice, Word

TICKS_PER_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a synthesizer is made for: a custom endpoint, or texts in writing by this voice."""

    endpoint_id: str = ""
    text_stream: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A piece of audio or a word of the request with this id."""

    request: str
    event: SpeakingEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The request is over. `code` is the SDK's name of the error, empty for success."""

    request: str
    code: str = ""
    details: str = ""


type Told = Spoken | Ended


class Synthesis:
    """The SDK's objects of one connection. Make and release it on a thread that may wait.

    It speaks one text at a time. `spare`: open the connection now; a text that comes while it
    opens throws it away and opens another. `tell` is called on the loop, in the order of what
    happened.
    """

    def __init__(
        self,
        account: SpeechAccount,
        use: Use,
        *,
        spare: bool,
        loop: asyncio.AbstractEventLoop,
        tell: Callable[[Told], None],
    ) -> None:
        import azure.cognitiveservices.speech as sdk

        self._loop = loop
        self._tell = tell
        self.connected = False
        speech = account.config(text_stream=bool(use.text_stream))
        if use.text_stream:
            speech.speech_synthesis_voice_name = use.text_stream
        raw = sdk.SpeechSynthesisOutputFormat.Raw16Khz16BitMonoPcm
        speech.set_speech_synthesis_output_format(raw)
        if use.endpoint_id:
            speech.endpoint_id = use.endpoint_id
        self._synthesizer: Any = sdk.SpeechSynthesizer(speech, audio_config=None)
        self._connection = sdk.Connection.from_speech_synthesizer(self._synthesizer)
        self._asked: Any = None
        self._request: Any = None
        self._listen(sdk)
        if spare:
            self.connect()

    def connect(self) -> None:
        """Open the connection, if the service closed it meanwhile. May block."""
        # What is wrong is told when something is to be said.
        with suppress(RuntimeError):
            self._connection.open(True)

    def speak(self, ssml: str) -> None:
        """Ask for a text. Returns at once."""
        self._asked = self._synthesizer.speak_ssml_async(ssml)

    def begin(self, voice: Voice) -> None:
        """Ask for a text that is still being written. Returns at once."""
        import azure.cognitiveservices.speech as sdk

        kind = sdk.SpeechSynthesisRequestInputType.TextStream
        self._request = request = sdk.SpeechSynthesisRequest(kind)
        if voice.style:
            request.style = voice.style
        if voice.language:
            request.prefer_locales = voice.language
        for name in ("rate", "pitch"):
            if (value := getattr(voice, name)).strip() not in NEUTRAL:
                setattr(request, name, value)
        self._asked = self._synthesizer.speak_async(request)

    def write(self, text: str) -> None:
        """Give more of the text. May block."""
        request = self._request
        if request is not None:
            request.input_stream.write(text)

    def finish(self) -> None:
        """Say that the text is whole. May block."""
        request, self._request = self._request, None
        if request is not None:
            request.input_stream.close()

    def settled(self) -> Callable[[], object]:
        """Return what frees the SDK's memory of a request that is over. It may block."""
        asked, self._asked = self._asked, None
        return asked.get  # type: ignore[no-any-return]

    def release(self) -> None:
        """Stop and drop everything; stopping closes the connection."""
        synthesizer, self._synthesizer = self._synthesizer, None
        if synthesizer is None:
            return
        with suppress(RuntimeError):
            self.finish()  # or the SDK waits for the rest of the text, and is never let go of
        with suppress(RuntimeError):
            synthesizer.stop_speaking_async().get()
            if self._asked is not None:
                self._asked.get()
        for signal in _signals(synthesizer, self._connection):
            signal.disconnect_all()
        forget_identity(synthesizer, "SpeechSynthesizer")
        del self._connection, self._asked, synthesizer

    def _listen(self, sdk: Any) -> None:
        def audio(event: Any) -> None:
            pcm = event.result.audio_data
            self._pass(Spoken(request=event.result.result_id, event=SpokenAudio(pcm=pcm)))

        def boundary(event: Any) -> None:
            if event.boundary_type is sdk.SpeechSynthesisBoundaryType.Word:
                start_ms = event.audio_offset // TICKS_PER_MS
                end_ms = start_ms + round(event.duration.total_seconds() * 1000)
                word = Word(text=event.text, start_ms=start_ms, end_ms=end_ms)
                self._pass(Spoken(request=event.result_id, event=SpokenWord(word=word)))

        def canceled(event: Any) -> None:
            why = event.result.cancellation_details
            code = why.error_code.name
            ended = Ended(request=event.result.result_id, code=code, details=why.error_details)
            self._pass(ended)

        synthesizer = self._synthesizer
        synthesizer.synthesizing.connect(audio)
        synthesizer.synthesis_word_boundary.connect(boundary)
        synthesizer.synthesis_completed.connect(
            lambda event: self._pass(Ended(request=event.result.result_id))
        )
        synthesizer.synthesis_canceled.connect(canceled)
        self._connection.connected.connect(lambda _: self._mark(connected=True))
        self._connection.disconnected.connect(lambda _: self._mark(connected=False))

    def _mark(self, *, connected: bool) -> None:
        self.connected = connected

    def _pass(self, told: Told) -> None:
        """Hand over to the loop; all that is ever done on a thread of the SDK."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._tell, told)


def _signals(synthesizer: Any, connection: Any) -> tuple[Any, ...]:
    return (
        synthesizer.synthesizing,
        synthesizer.synthesis_word_boundary,
        synthesizer.synthesis_completed,
        synthesizer.synthesis_canceled,
        connection.connected,
        connection.disconnected,
    )
