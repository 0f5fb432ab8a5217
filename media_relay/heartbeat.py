"""The relay's sign of life, and the directives that come back with it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from core.session import Directive, Heartbeat
from media_relay.control_plane import ControlPlane, ControlRefused, ControlUnavailable

log = logging.getLogger(__name__)

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """Seconds between two beats. `idle_s` None: an idle relay is silent, so that nothing runs."""

    live_s: float = 0.5  # the monitor misses a relay within three of these; directives come along
    idle_s: float | None = None
    retry_s: float = 0.5


class Heart:
    """Beats at start, while calls live, when something changed, and when the relay drains."""

    def __init__(
        self,
        control: ControlPlane,
        relay_id: str,
        *,
        beat: Callable[[], Heartbeat],
        obey: Callable[[Directive], None],
        settings: HeartbeatSettings,
    ) -> None:
        self._control = control
        self._relay_id = relay_id
        self._beat = beat
        self._obey = obey
        self._settings = settings
        self._changed = asyncio.Event()
        self._obeyed: deque[str] = deque(maxlen=_REMEMBERED)
        self._to_acknowledge: list[str] = []

    def changed(self) -> None:
        """Beat now: a call came or went, or the relay drains."""
        self._changed.set()

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self._changed.clear()
            beat = self._beat()
            told = await self.tell(beat)
            pause = self._settings.retry_s if not told else self._pause(beat)
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def tell(self, beat: Heartbeat) -> bool:
        """Send one beat and obey what comes back; False if nobody listens."""
        acknowledged = tuple(self._to_acknowledge)
        told = Heartbeat(
            url=beat.url,
            calls=beat.calls,
            load=beat.load,
            draining=beat.draining,
            acknowledged=acknowledged,
        )
        try:
            answer = await self._control.heartbeat(self._relay_id, told)
        except (ControlUnavailable, ControlRefused):
            log.warning("heartbeat not heard")
            return False
        self._to_acknowledge = self._to_acknowledge[len(acknowledged) :]
        for directive in answer.directives:
            if directive.id not in self._obeyed:
                self._obeyed.append(directive.id)
                self._obey(directive)
            if directive.id not in self._to_acknowledge:
                self._to_acknowledge.append(directive.id)
                self._changed.set()
        return True

    def _pause(self, beat: Heartbeat) -> float | None:
        return self._settings.live_s if beat.calls else self._settings.idle_s
