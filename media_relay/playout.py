"""The agent's voice on its way to the caller: paced, and always sure of what has been heard.

Frames leave on an absolute clock, a small lead ahead of the ear. The far side plays in real time
and acknowledges nothing, so "heard" is computed: what was sent, minus what it cannot have
played yet. A frame that the wire does not take waits, and all behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from core.aloud import Aloud
from core.audio import Piece, heard_of, padded, whole_frames
from core.speech import FRAME_BYTES, FRAME_MS
from media_relay.wire import Wire

_FRAME_S = FRAME_MS / 1000
_EARLY_S = 0.001  # a timer that fires this early is on time
_AGAIN_S = 0.02  # after which a wire that took nothing is tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutSettings:
    """`lead_ms`: sent ahead of the ear; under 60 gaps are heard, over 200 barge-in is vague.

    `max_ms`: audio kept waiting; more makes the synthesizer wait.
    """

    lead_ms: int = 160
    max_ms: int = 30_000


class Playout:
    """Plays one reply (generation) at a time; what belongs to another one is dropped here."""

    def __init__(
        self,
        wire: Wire,
        settings: PlayoutSettings,
        *,
        on_sounding: Callable[[int], None],
        on_dry: Callable[[int, int], None],
    ) -> None:
        self._wire = wire
        self._lead_s = settings.lead_ms / 1000
        # Our own timer only helps out when the caller's frames do not come; the lead allows it.
        self._slack_s = self._lead_s * 0.6
        self._max_frames = settings.max_ms // FRAME_MS
        self._on_sounding = on_sounding
        self._on_dry = on_dry
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._alarm: float | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._generation = 0
        self._frames: deque[bytes] = deque()
        # Sent last: more than the far side can have left to play.
        self._recent: deque[bytes] = deque(maxlen=settings.lead_ms // FRAME_MS + 2)
        self._rest = b""
        self._pieces: list[Piece] = []
        self._paused = False
        self._sounding = False  # as far as the ear has not run dry
        self._sent = 0  # frames of this generation
        self._anchor = 0.0  # when the ear began to play ...
        self._base = 0  # ... this frame, without a gap since

    def begin(self, generation: int) -> None:
        """Get ready for another reply. What is left of the last one is never sent."""
        self._clear()
        self._generation = generation
        self._pieces = []
        self._sent = self._base = 0
        self._paused = self._sounding = False

    def open_piece(
        self, generation: int, text: str, agent: str, said: Aloud | None = None
    ) -> Piece | None:
        """Announce the next piece, spoken as `said`; None if this reply was stopped."""
        if generation != self._generation:
            return None
        piece = Piece(text=text, agent=agent, said=said)
        self._pieces.append(piece)
        return piece

    def add(self, generation: int, piece: Piece, pcm: bytes) -> bool:
        """Queue more audio of the last piece; False if this reply was stopped."""
        if generation != self._generation:
            return False
        if len(pcm) == FRAME_BYTES and not self._rest:
            self._queue(piece, [pcm])
        else:
            frames, self._rest = whole_frames(self._rest + pcm)
            self._queue(piece, frames)
        return True

    def finish_piece(self, generation: int, piece: Piece) -> None:
        """The last piece has all its audio."""
        if generation != self._generation:
            return
        if self._rest:
            rest, self._rest = self._rest, b""
            self._queue(piece, [padded(rest)])
        piece.complete = True
        if not self._frames and self._heard_frames() >= self._sent:
            self._arm(self._loop.time())

    @property
    def full(self) -> bool:
        """Whether so much audio waits that more should not be made yet."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until there is room for more audio."""
        await self._room.wait()

    def nudge(self) -> None:
        """Send what is due. The caller's own frames are a clock that costs nothing."""
        if self._frames and self._sounding and not self._paused:
            self._send_due(self._loop.time())
            if not self._frames:
                self._pump()

    def pause(self) -> None:
        """Fall silent now. What the far side has not played yet is taken back, to be sent again."""
        if self._paused:
            return
        self._paused = True
        self._disarm()
        if self._sent:
            self._wire.stop_audio()
        heard = self._heard_frames()
        while self._sent > heard and self._recent:
            self._frames.appendleft(self._recent.pop())
            self._sent -= 1

    def resume(self) -> None:
        """Go on with what is queued."""
        self._paused = False
        self._pump()

    def stop(self) -> None:
        """Silence this reply for good, in one step: queue, far side, timer."""
        # Sent even when all should have been played: the far side may be behind our clock.
        if self._sent and not self._paused:
            self._wire.stop_audio()
        self._clear()
        self._generation = 0

    def settle(self) -> None:
        """This reply was heard to its end."""
        self._clear()
        self._generation = 0

    def heard(self) -> list[tuple[str, str]]:
        """Return (agent, text) of each piece of this reply, as far as it was heard."""
        heard_ms = self._heard_frames() * FRAME_MS
        texts = []
        for piece in self._pieces:
            text = heard_of(piece, heard_ms)
            if text:
                texts.append((piece.agent, text))
            heard_ms -= piece.ms
        return texts

    def begun(self) -> str:
        """Return the text of all pieces of this reply that have begun to be heard."""
        heard_ms, texts = self._heard_frames() * FRAME_MS, list[str]()
        for piece in self._pieces:
            if heard_ms <= 0:
                break
            texts.append(piece.text)
            heard_ms -= piece.ms
        return " ".join(texts)

    # --- inside ----------------------------------------------------------------------------------

    def _queue(self, piece: Piece, frames: list[bytes]) -> None:
        piece.ms += len(frames) * FRAME_MS
        self._frames.extend(frames)
        if len(self._frames) >= self._max_frames:
            self._room.clear()
        if frames and self._alarm is None:
            self._pump()
        elif frames and len(self._frames) == len(frames):
            self._pump()  # it was dry: the timer only waits for the ear

    def _pump(self) -> None:
        """Send every frame that is due, then wait for the next one, or for the ear."""
        self._alarm = None
        if self._paused or not self._generation:
            return
        now = self._loop.time()
        generation, sent = self._generation, self._sent
        played_at = self._send_due(now)
        if len(self._frames) < self._max_frames:
            self._room.set()
        if self._frames:
            due = played_at - self._lead_s
            # Overdue is only what the wire does not take.
            self._arm(due + self._slack_s if due > now else now + _AGAIN_S)
        elif self._sent:
            self._arm(played_at)
        if not self._sounding and self._sent > sent:
            self._sounding = True
            self._on_sounding(generation)

    def _send_due(self, now: float) -> float:
        """Send what is due; return when the ear will have played all of it."""
        frames, played_at = self._frames, self._played_at()
        if frames and now + _EARLY_S >= played_at:  # the ear was dry, and begins anew
            self._anchor, self._base, played_at = now, self._sent, now
        while frames and now + _EARLY_S >= played_at - self._lead_s:
            if not self._wire.send_audio(frames[0]):
                break
            self._recent.append(frames.popleft())
            self._sent += 1
            played_at += _FRAME_S
        return played_at

    def _played_at(self) -> float:
        return self._anchor + (self._sent - self._base) * _FRAME_S

    def _heard_frames(self) -> int:
        played = int((self._loop.time() - self._anchor + _EARLY_S) / _FRAME_S)
        return min(self._sent, self._base + max(played, 0))

    def _fire(self) -> None:
        self._timer = None
        if self._alarm is None:
            return
        if self._alarm - self._loop.time() > _EARLY_S:
            self._arm(self._alarm)
            return
        self._alarm = None
        if self._frames:
            self._pump()
            return
        self._sounding = False
        heard_ms, whole = self._heard_frames() * FRAME_MS, 0
        for piece in self._pieces:
            heard_ms -= piece.ms
            if heard_ms < 0 or not piece.complete:
                break
            whole += 1
        self._on_dry(self._generation, whole)

    def _arm(self, at: float) -> None:
        """Wake at `at`. The alarm moves with every frame; a timer that is early enough stays."""
        self._alarm = at
        if self._timer is not None:
            if self._rings_at <= at:
                return
            self._timer.cancel()
        self._rings_at = at
        self._timer = self._loop.call_at(at, self._fire)

    def _disarm(self) -> None:
        self._alarm = None

    def _clear(self) -> None:
        self._disarm()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._frames.clear()
        self._recent.clear()
        self._rest = b""
        self._room.set()
