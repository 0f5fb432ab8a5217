"""A carrier's line and a relay's calls without a network: both live in memory, in virtual time."""

import asyncio
from types import SimpleNamespace
from typing import cast

from picows import WSFrame, WSMsgType, WSTransport

from core.speech import FRAME_BYTES
from media_relay.call_settings import CallSettings
from media_relay.calls import AdmissionSettings, Calls
from media_relay.media_socket import MediaSocket
from media_relay.reporting import ReportSettings
from tests.relay.calls import PlainCatalog
from tests.relay.stations import frame

QUIET = frame(bytes(FRAME_BYTES))


def calls_of(control, engines, tasks):
    """Return the calls of a relay that has no socket."""
    return Calls(
        relay_id="relay",
        control=control,
        engines=engines,
        catalog=PlainCatalog(),
        tasks=tasks,
        wall_clock=asyncio.get_running_loop().time,
        settings=CallSettings(),
        reports=ReportSettings(),
        admission=AdmissionSettings(),
        on_change=lambda: None,
    )


class Line:
    """A carrier's socket in memory: 50 frames a second each way, until it hangs up."""

    def __init__(self, media):
        self.media = media
        self.sound = b""
        self.frames = 0
        self.gone = False
        self.underlying_transport = self

    def send(self, kind, message):
        self.frames += 1

    def get_write_buffer_size(self):
        return 0

    def send_close(self, code, reason): ...

    def disconnect(self, *, graceful=True):
        self.gone = True
        asyncio.get_running_loop().call_soon(self.media.on_ws_disconnected, None)

    def hang_up(self):
        self.media.on_ws_disconnected(cast("WSTransport", self))

    async def talk(self, seconds):
        """Send the caller's sound, then silence, for so long."""
        for _ in range(int(seconds * 50)):
            pcm, self.sound = self.sound[:FRAME_BYTES], self.sound[FRAME_BYTES:]
            payload = memoryview(frame(pcm) if pcm else QUIET)
            told = SimpleNamespace(
                msg_type=WSMsgType.TEXT, get_payload_as_memoryview=lambda told=payload: told
            )
            self.media.on_ws_frame(cast("WSTransport", self), cast("WSFrame", told))
            await asyncio.sleep(0.02)


async def connected(calls, name):
    """Let the carrier dial a call in, and return its line."""
    media = await calls.admit(name, "leg")
    assert isinstance(media, MediaSocket)
    line = Line(media)
    media.on_ws_connected(cast("WSTransport", line))
    return line
