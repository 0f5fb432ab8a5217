"""The turn machine at work: fed one event at a time, woken when it wants to be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from core import turn as t
from core.conversation import Conversation
from core.turn import Purpose, TurnState


class TurnDriver:
    """Steps the turn machine of one call; `do` carries out what it says, in order.

    `settings` may be changed between two steps: another agent may have other habits.
    """

    def __init__(
        self, state: TurnState, settings: t.TurnSettings, *, do: Callable[[t.Output], None]
    ) -> None:
        self.state = state
        self.settings = settings
        self._do = do
        self._loop = asyncio.get_running_loop()
        self._events: deque[t.Event] = deque()
        self._stepping = False
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, event: t.Event) -> None:
        """Step with one event and do what comes of it; events that come of that wait in line."""
        self._events.append(event)
        if self._stepping or self._over:
            return
        self._stepping = True
        try:
            while self._events:
                event = self._events.popleft()
                self.state, outputs = t.step(self.state, event, self.settings)
                for output in outputs:
                    self._do(output)
        finally:
            self._stepping = False
        self._arm()

    def stop(self) -> None:
        """Take no more events and wake no more."""
        self._over = True
        self._disarm()

    def _arm(self) -> None:
        self._disarm()
        due = t.deadline(self.state, self.settings)
        if due is not None and not self._over:
            self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        # A timer may fire a clock tick early; the machine wants the time it asked for.
        due = t.deadline(self.state, self.settings)
        self.feed(t.Tick(at=max(self._loop.time(), due or 0.0)))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def state_after(conversation: Conversation) -> TurnState:
    """Return how turns stand in a call that another relay has begun, or nobody."""
    return TurnState(
        turn=conversation.turn,
        answered=conversation.talked,
        turn_done=conversation.turn - (not conversation.reply_done),
        news=(
            *((Purpose.ANSWER,) if conversation.news else ()),
            *((Purpose.OWED,) if conversation.owed else ()),
        ),
    )
