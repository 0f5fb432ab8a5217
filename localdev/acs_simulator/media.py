"""The media stream of a call: one connection after another to the same address."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from localdev.acs_simulator.audio import frame_bytes, is_audible
from localdev.acs_simulator.bursts import Bursts
from localdev.acs_simulator.clock import CallClock
from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.happenings import Happening, SocketLost, SocketOpened, SocketRefused
from localdev.acs_simulator.line import Line
from localdev.acs_simulator.media_socket import MediaRefused, MediaSocket
from localdev.acs_simulator.media_wire import (
    AudioReceived,
    NotUnderstood,
    StopReceived,
    audio_metadata,
    dtmf_data,
    parse_outbound,
)
from localdev.acs_simulator.timeline import Timeline
from localdev.acs_simulator.tokens import TokenIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """What the app asked for when it took the call, and who the stream belongs to."""

    url: str
    connection_id: str
    correlation_id: str
    bidirectional: bool
    dtmf: bool
    participant: str | None


class MediaStream:
    """Dials, carries and closes; `tell` is told what became of the connection."""

    def __init__(
        self,
        plan: StreamPlan,
        *,
        line: Line,
        clock: CallClock,
        timeline: Timeline,
        faults: Faults,
        tokens: TokenIssuer,
        tell: Callable[[Happening], None],
    ) -> None:
        self.subscription_id = str(uuid.uuid4())
        self._plan = plan
        self._line = line
        self._clock = clock
        self._timeline = timeline
        self._faults = faults
        self._tokens = tokens
        self._tell = tell
        self._socket: MediaSocket | None = None
        self._sounded = False

    async def run(self) -> None:
        """Carry one connection from dialling to its end."""
        socket = MediaSocket(self._clock, self._receive, self._plan.participant)
        self._socket = socket
        try:
            await self._dial(socket)
            if self._socket is not socket:  # closed by us while it was being dialled
                return
            self._open(socket)
            await self._carry(socket)
        except MediaRefused as error:
            self._timeline.note("media_refused", why=str(error))
            if self._socket is socket:
                self._tell(SocketRefused())
        finally:
            socket.close()
            if self._socket is socket:
                self._socket = self._line.sink = None

    def close(self) -> None:
        """Close the connection, whatever it is at."""
        socket, self._socket, self._line.sink = self._socket, None, None
        if socket is not None:
            socket.close()

    def press(self, digit: str) -> bool:
        """Send a key; returns whether somebody listens."""
        if self._socket is None or not self._plan.dtmf:
            return False
        self._socket.send(dtmf_data(digit))
        return True

    async def _dial(self, socket: MediaSocket) -> None:
        await asyncio.sleep(self._faults.number("ws_late"))
        if self._faults.take("ws_refuse"):
            raise MediaRefused("fault")
        token = self._tokens.media_token(wrong_audience=self._faults.has("wrong_aud"))
        headers = {
            "Authorization": f"Bearer {token}",
            "x-ms-call-connection-id": self._plan.connection_id,
            "x-ms-call-correlation-id": self._plan.correlation_id,
        }
        await socket.dial(self._plan.url, headers)

    def _open(self, socket: MediaSocket) -> None:
        rate = self._line.rate
        told = int(self._faults.number("ws_wrong_rate")) or rate
        socket.send(
            audio_metadata(
                subscription_id=self.subscription_id, rate=told, frame_bytes=frame_bytes(rate)
            )
        )
        self._misbehave(socket)
        self._sounded = False
        jitter_ms = self._faults.number("ws_jitter")
        self._line.sink = Bursts(socket, jitter_ms) if jitter_ms else socket
        self._timeline.note("media_open")
        self._tell(SocketOpened())

    async def _carry(self, socket: MediaSocket) -> None:
        """Wait for the end; hasten it if a fault says so."""
        for fault, act in (("ws_drop_after", socket.cut), ("ws_half_open", socket.go_deaf)):
            if self._faults.has(fault):
                after_s = self._faults.number(fault)
                self._faults.take(fault)
                if not await _within(socket.closed, after_s):
                    self._timeline.note("media_fault", fault=fault)
                    act()
        await socket.closed.wait()
        ours = self._socket is not socket
        self._timeline.note("media_closed", by="service" if ours else "app", code=socket.close_code)
        if not ours:
            self._socket = self._line.sink = None
            self._tell(SocketLost())

    def _misbehave(self, socket: MediaSocket) -> None:
        if self._faults.take("ws_garbage"):
            socket.send(b'{"kind":"AudioData","audioData":{"data":')
        if self._faults.take("ws_unknown_kind"):
            socket.send(b'{"kind":"MarkData","markData":{"sequence":1,"status":"completed"}}')
        if self._faults.has("ws_oversize"):
            size = int(self._faults.number("ws_oversize"))
            self._faults.take("ws_oversize")
            socket.send(b'{"kind":"AudioData","audioData":{"data":"' + b"A" * size + b'"}}')

    def _note_first_sound(self, pcm: bytes) -> None:
        """Note who speaks now: a pause between two relays may be too short to be heard as one."""
        if not self._sounded and is_audible(pcm):
            self._sounded = True
            self._timeline.note("media_sounds")
            self._stop_reading()

    def _stop_reading(self) -> None:
        pause_s = self._faults.number("ws_slow_read")
        if self._faults.take("ws_slow_read") and self._socket is not None:
            self._timeline.note("media_fault", fault="ws_slow_read")
            self._socket.pause(pause_s)

    def _stop(self) -> None:
        self._timeline.note("stop_audio", cleared_ms=self._line.playout.clear())

    def _receive(self, message: bytes) -> None:
        match parse_outbound(message):
            case AudioReceived(pcm=pcm):
                if self._plan.bidirectional:
                    self._line.playout.feed(pcm)
                    self._note_first_sound(pcm)
            case StopReceived():
                late_s = self._faults.number("stop_audio_late") / 1000
                if late_s:
                    asyncio.get_running_loop().call_later(late_s, self._stop)
                else:
                    self._stop()
            case NotUnderstood(why=why):
                self._timeline.note("media_not_understood", why=why)
            case message_kind:
                assert_never(message_kind)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
