"""Hearing with Azure Speech: a recognizer for every call, and some before their callers come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from adapters.azure_speech.account import SpeechAccount
from adapters.azure_speech.native import SdkThreads
from adapters.azure_speech.recognition import Profanity, Recognition, Told
from adapters.azure_speech.spares import KEEP_S, Spares
from adapters.azure_speech.stream import AzureStream
from core.speech import HearingConfig

CONNECT_S = 8.0
SLOW_S = 1.5


class AzureHearing:
    """Hears with Azure Speech: a connection and a recognizer for every call.

    `connect_s` bounds the wait for the connection, which is opened with the stream unless there
    is a spare; a spare lives for `spare_s`. `slow_s`: how long ears may tell nothing of what a
    caller says before they are doubted.
    """

    def __init__(
        self,
        account: SpeechAccount,
        *,
        profanity: Profanity = "masked",
        connect_s: float = CONNECT_S,
        spare_s: float = KEEP_S,
        slow_s: float = SLOW_S,
    ) -> None:
        self._account = account
        self._profanity = profanity
        self._connect_s = connect_s
        self._slow_s = slow_s
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
        stream = AzureStream(
            config,
            threads,
            partial(self._begun, threads, config),
            connect_s=self._connect_s,
            slow_s=self._slow_s,
        )
        try:
            await stream.begin()
        except BaseException:
            await stream.aclose()
            raise
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

    async def _begun(
        self, threads: SdkThreads, config: HearingConfig, tell: Callable[[Told], None]
    ) -> Recognition:
        spare = self._spares.take(config)
        make = partial(self._recognition, config, asyncio.get_running_loop())
        return await threads.make(lambda: spare or make(), lambda made: made.start(tell))

    async def _connected(self, config: HearingConfig) -> Recognition:
        make = partial(self._recognition, config, asyncio.get_running_loop())
        return await self._threads().make(make, Recognition.connect)

    def _let_go(self, spare: Recognition) -> None:
        self._threads().release(spare)

    def _recognition(self, config: HearingConfig, loop: asyncio.AbstractEventLoop) -> Recognition:
        return Recognition(self._account, config, self._profanity, loop)


def _load() -> None:
    try:
        import azure.cognitiveservices.speech  # noqa: F401
    except (ImportError, OSError):
        return
