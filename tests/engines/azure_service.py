"""What tests of Azure Speech share: an account on the loopback and a caller who never hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from adapters.azure_speech import SpeechAccount
from adapters.scripted import spoken
from core.errors import Cause
from core.ports import Hearing, HearingStream
from core.speech import FinalHeard, HearingConfig, HearingEvent, HearingFailed
from localdev.emulators.azure_speech import (
    Answer,
    Close,
    Drop,
    Fault,
    Hang,
    Refuse,
    SpeechEmulator,
)

SILENCE = bytes(3_200)  # 100 ms
REFUSED: dict[Fault, Cause] = {
    Refuse(status=401): Cause.AUTH,
    Refuse(status=403): Cause.AUTH,
    Refuse(status=404): Cause.UNAVAILABLE,
    Refuse(status=429): Cause.THROTTLED,
    Refuse(status=500): Cause.UNAVAILABLE,
    Refuse(status=503): Cause.UNAVAILABLE,
}
# Every way in which the service gives up, and what that is to a call: hearing, and speaking.
DEAF: dict[Fault, Cause] = {
    **REFUSED,
    Drop(after_ms=100): Cause.UNAVAILABLE,
    Close(code=1007, after_ms=200): Cause.BAD_REQUEST,
    Close(code=1011, after_ms=100): Cause.UNAVAILABLE,
    Close(code=1013, after_ms=100): Cause.UNAVAILABLE,
    Answer(status="TooManyRequests", after_ms=100): Cause.THROTTLED,
    Answer(status="Error", after_ms=100): Cause.UNAVAILABLE,
    Answer(status="BadRequest", after_ms=100): Cause.BAD_REQUEST,
    Answer(status="Forbidden", after_ms=100): Cause.THROTTLED,
}
MUTE: dict[Fault, Cause] = {
    **REFUSED,
    Close(code=1007): Cause.BAD_REQUEST,
    Close(code=4429): Cause.THROTTLED,
    Drop(): Cause.UNAVAILABLE,
    Drop(after_ms=40): Cause.LOST,
    Hang(): Cause.TIMEOUT,
    Hang(after_ms=40): Cause.TIMEOUT,
    Hang(connected=False): Cause.TIMEOUT,
}
BEGUN = (Drop(after_ms=40), Hang(after_ms=40))  # of these, those in the middle of what is said


def account_at(service: SpeechEmulator) -> SpeechAccount:
    return SpeechAccount(endpoint=service.url, key="k" * 32)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what threads of the SDK do, who tell nobody."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class OpenLine:
    """Pushes the caller's silence for ever, ten times as fast as a telephone would."""

    def __init__(self, stream: HearingStream) -> None:
        self._stream = stream
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> OpenLine:
        self._tick()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._stream.push(SILENCE)
        self._timer = asyncio.get_running_loop().call_later(0.01, self._tick)


async def heard(hearing: Hearing, config: HearingConfig | None = None) -> HearingEvent:
    """Return the final, or the failure, of one caller's sentence."""
    stream = await hearing.open(config or HearingConfig())
    stream.push(spoken("Hello there."))
    with OpenLine(stream):
        async with asyncio.timeout(60):
            async for event in stream.events():
                if isinstance(event, FinalHeard | HearingFailed):
                    break
    await stream.aclose()
    return event
