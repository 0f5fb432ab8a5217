"""One media connection of a call: dialled by us, as the service does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from localdev.acs_simulator.clock import CallClock
from localdev.acs_simulator.media_wire import MAX_MESSAGE_BYTES, audio_data

DIAL_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 2.0
MAX_UNSENT_BYTES = 1024 * 1024
"""A peer that does not read for about 20 s loses the connection."""


class MediaRefused(Exception):
    """The relay could not be reached, or did not upgrade."""


class MediaSocket(WSListener):
    """Text frames both ways. `closed` is set when the connection is gone, whoever ended it."""

    def __init__(
        self, clock: CallClock, on_message: Callable[[bytes], None], participant: str | None
    ) -> None:
        self.closed = asyncio.Event()
        self.close_code: int | None = None
        self._clock = clock
        self._on_message = on_message
        self._participant = participant
        self._transport: WSTransport | None = None
        self._parts = bytearray()
        self._deaf = False

    async def dial(self, url: str, headers: Mapping[str, str]) -> None:
        """Connect. Raises `MediaRefused`."""
        try:
            async with asyncio.timeout(DIAL_TIMEOUT_S):
                await ws_connect(
                    lambda: self,
                    url,
                    extra_headers=dict(headers),
                    max_frame_size=MAX_MESSAGE_BYTES,
                    max_redirects=0,
                )
        except (OSError, WSError, ValueError) as error:
            raise MediaRefused(type(error).__name__) from error
        if self._transport is None:  # picows says nothing if the connection ends in the handshake
            raise MediaRefused("closed")

    def send(self, message: bytes) -> None:
        """Send one text message, unless the connection is gone, deaf or clogged."""
        transport = self._transport
        if transport is None or self._deaf or self.closed.is_set():
            return
        if transport.underlying_transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.cut()
            return
        transport.send(WSMsgType.TEXT, message)

    def send_audio(self, at_ms: int, pcm: bytes, *, silent: bool) -> None:
        """Send one frame of the caller."""
        timestamp = self._clock.timestamp(at_ms)
        self.send(
            audio_data(timestamp=timestamp, pcm=pcm, silent=silent, participant=self._participant)
        )

    def close(self) -> None:
        """Say goodbye and close."""
        if self._transport is None or self.closed.is_set():
            return
        if self._deaf:
            self.cut()
            return
        if not self._transport.is_close_frame_sent:
            self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect()
        asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.cut)

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._transport is not None and not self.closed.is_set():
            self._transport.underlying_transport.abort()

    def pause(self, seconds: float) -> None:
        """Read nothing for a while."""
        if self._transport is not None and not self.closed.is_set():
            self._transport.underlying_transport.pause_reading()
            asyncio.get_running_loop().call_later(seconds, self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self.closed.is_set() and not self._deaf:
            self._transport.underlying_transport.resume_reading()

    def go_deaf(self) -> None:
        """Neither send nor read any more, but leave the connection open."""
        self._deaf = True
        if self._transport is not None:
            self._transport.underlying_transport.pause_reading()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            self.close_code = int(frame.get_close_code().value)
            self.close()
        elif frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION):
            self._parts += frame.get_payload_as_memoryview()
            if len(self._parts) > MAX_MESSAGE_BYTES:
                self.cut()
            elif frame.fin:
                message, self._parts = bytes(self._parts), bytearray()
                self._on_message(message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed.set()
