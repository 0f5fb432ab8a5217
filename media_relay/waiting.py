"""A quiet sound while the caller waits for an answer. It is no speech: it is never "heard"."""

from __future__ import annotations

from core.turn import Floor, TurnState
from core.waiting_sound import WaitingSound, frames_of
from media_relay.wire import Wire


class Waiting:
    """Plays one frame for each that the caller sends, while an answer is being made.

    So at most one frame of it is on its way when the agent begins to speak, or the caller does.
    """

    def __init__(self, wire: Wire, *, after_s: float) -> None:
        self._wire = wire
        self._after_s = after_s
        self._next = 0
        self.sound = WaitingSound.NONE

    def tick(self, state: TurnState, at: float) -> None:
        """Take the caller's next 20 ms as the time for ours."""
        frames = frames_of(self.sound)
        waits = state.floor is Floor.THINKING and at - state.since >= self._after_s
        if frames and waits:
            self._wire.send_audio(frames[self._next % len(frames)])
            self._next += 1
        else:
            self._next = 0
