"""The carrier's audio socket on picows: its frames become calls of an `Ear`, ours become frames."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from core.media_wire import (
    STOP_AUDIO,
    AudioData,
    AudioMetadata,
    DtmfData,
    Garbage,
    MediaFrame,
    encode_audio,
    parse,
)
from core.speech import FRAME_BYTES, SAMPLE_RATE
from media_relay.rates import RATES, Rates
from media_relay.wire import Ear

log = logging.getLogger(__name__)

_BACKLOG = 250  # frames (5 s) kept until somebody listens
_RATE = 200.0  # messages a second: four times real time ...
_BURST = 400.0  # ... but a stalled network may catch up on 2 s
_DEAD_S = 3.0  # the carrier sends 50 frames a second, silence included
_STUCK_S = 5.0  # a network that takes nothing for so long will not get over it
_MAX_GARBAGE = 100

TAKES_NOTHING = "takes no sound"  # why a socket is given up that swallows what is said


class MediaSocket(WSListener):
    """One audio socket of one call, from upgrade to close."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._loop = asyncio.get_running_loop()
        self._transport: WSTransport | None = None
        self._ear: Ear | None = None
        self._backlog: deque[AudioData | DtmfData] = deque(maxlen=_BACKLOG)
        self._connected: asyncio.Future[bool] = self._loop.create_future()
        self._closed = ""
        self._full = False
        self._stuck: asyncio.TimerHandle | None = None
        self._allowance = _BURST
        self._last = self._loop.time()
        self._garbage = 0
        self._rates: Rates | None = None

    # --- for the call ----------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether the far side still sends."""
        return not self._closed and self._loop.time() - self._last < _DEAD_S

    @property
    def unsent(self) -> int:
        """How many bytes wait because the far side reads too slowly."""
        if self._transport is None:
            return 0
        return int(self._transport.underlying_transport.get_write_buffer_size())

    async def connected(self, within_s: float) -> bool:
        """Wait for the upgrade; False if it does not come."""
        done, _ = await asyncio.wait([self._connected], timeout=within_s)
        return bool(done) and not self._closed

    def attach(self, ear: Ear) -> None:
        """Give what comes, and what has come already, to this ear."""
        self._ear = ear
        while self._backlog:
            message = self._backlog.popleft()
            if isinstance(message, AudioData):
                ear.on_audio(message.pcm, message.timestamp)
            else:
                ear.on_key(message.key)
        if self._closed:
            ear.on_closed(self._closed)

    def send_audio(self, pcm: bytes) -> bool:
        """Send a frame; False if the network cannot take it now."""
        if self._transport is None or self._full:
            return False
        if self._rates is not None:
            pcm = self._rates.said(pcm)
        if pcm:
            self._transport.send(WSMsgType.TEXT, encode_audio(pcm))
        return True

    def stop_audio(self) -> None:
        """Have the carrier drop what it has not played."""
        if self._rates is not None:
            self._rates.cut()
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, STOP_AUDIO)

    def close(self, reason: str) -> None:
        """Close the socket; a second time does nothing."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.send_close(WSCloseCode.OK, reason.encode()[:100])
            transport.disconnect()
        self._end(reason)

    # --- for picows ------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        if self._closed:  # while the carrier was still in the door
            transport.send_close(WSCloseCode.OK, self._closed.encode()[:100])
            transport.disconnect()
            return
        self._transport = transport
        self._last = self._loop.time()
        self._loop.call_later(_DEAD_S, self._listen)
        if not self._connected.done():
            self._connected.set_result(True)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            transport.disconnect()
            return
        if kind is not WSMsgType.TEXT or not self._in_time():
            return
        message = parse(frame.get_payload_as_memoryview())
        if type(message) is AudioData:  # nearly always, so it takes the short way
            if self._rates is not None:
                message.pcm = self._heard(message.pcm)
            if self._ear is not None:
                self._ear.on_audio(message.pcm, message.timestamp)
            else:
                self._backlog.append(message)
        elif not isinstance(message, DtmfData):
            self._other(message)
        elif self._ear is not None:
            self._ear.on_key(message.key)
        else:
            self._backlog.append(message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._transport = None
        self._end("socket closed")

    def pause_writing(self) -> None:
        self._full = True
        self._stuck = self._loop.call_later(_STUCK_S, self._give_up, TAKES_NOTHING)

    def resume_writing(self) -> None:
        self._full = False
        if self._stuck is not None:
            self._stuck.cancel()

    # --- inside ----------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Look whether the far side still sends."""
        silent_s = self._loop.time() - self._last
        if self._closed:
            return
        if silent_s < _DEAD_S:
            self._loop.call_later(_DEAD_S - silent_s, self._listen)
        else:
            self._give_up("fell silent")

    def _give_up(self, reason: str) -> None:
        """Close a socket that is open but dead, so that the carrier is asked for another."""
        if not self._closed:
            log.warning("media socket is dead", extra={"call": self._call_id, "reason": reason})
            transport, self._transport = self._transport, None
            if transport is not None:  # a close would wait behind the sound that nobody takes
                transport.disconnect(graceful=False)
            self.close(reason)

    def _other(self, message: MediaFrame) -> None:
        match message:
            case AudioMetadata(sample_rate=rate, channels=channels, encoding=encoding):
                known = rate == SAMPLE_RATE or rate in RATES
                if known and channels == 1 and encoding.upper() == "PCM":
                    self._rates = None if rate == SAMPLE_RATE else Rates(rate)
                    return
                facts = {"call": self._call_id, "rate": rate, "channels": channels}
                log.error("audio of a wrong format", extra=facts)
                self._refuse(WSCloseCode.UNSUPPORTED_DATA, "wrong format")
            case Garbage(reason=reason):
                self._garbage += 1
                if self._garbage == 1:
                    log.warning("garbage frame", extra={"call": self._call_id, "reason": reason})
                if self._garbage > _MAX_GARBAGE:
                    self._refuse(WSCloseCode.POLICY_VIOLATION, "garbage")
            case _:
                pass  # of a later version

    def _heard(self, pcm: bytes) -> bytes:
        """Return audio at our rate. A frame is 20 ms, so its size tells when metadata are wrong."""
        if self._rates is not None and len(pcm) == FRAME_BYTES:
            log.warning("frames are of our rate, metadata not", extra={"call": self._call_id})
            self._rates = None
        return pcm if self._rates is None else self._rates.heard(pcm)

    def _in_time(self) -> bool:
        now = self._loop.time()
        allowance = self._allowance + (now - self._last) * _RATE
        self._allowance = (allowance if allowance < _BURST else _BURST) - 1
        self._last = now
        if self._allowance > 0:
            return True
        self._refuse(WSCloseCode.POLICY_VIOLATION, "too fast")
        return False

    def _refuse(self, code: WSCloseCode, reason: str) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            log.warning("socket refused", extra={"call": self._call_id, "reason": reason})
            transport.send_close(code, reason.encode())
            transport.disconnect()

    def _end(self, reason: str) -> None:
        if self._closed:
            return
        self._closed = reason
        if not self._connected.done():
            self._connected.set_result(False)
        if self._ear is not None:
            self._ear.on_closed(reason)


Opened = Callable[[str], MediaSocket]
