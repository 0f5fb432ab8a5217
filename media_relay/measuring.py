"""One call's measurements, taken from the facts it writes; nothing of it touches a frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.facts import EngineStumbled, Fact, ToolFinished, TurnDone
from core.measured import CallTrace, Figure, Measured, tool_span, total_ms, turn_figures, turn_span
from core.session import Session


class CallMeter:
    """Measures a call. `trace` is where it goes."""

    def __init__(self, trace: CallTrace, *, wall_clock: Callable[[], float]) -> None:
        self._trace = trace
        self._wall_clock = wall_clock
        self._loop = asyncio.get_running_loop()
        self._tools: list[Measured] = []

    def saw(self, fact: Fact) -> None:
        """Take a fact as it becomes known."""
        match fact:
            case ToolFinished():
                self._tools.append(tool_span(fact, self._wall_clock()))
            case EngineStumbled(engine=engine, cause=cause, name=name):
                now = self._wall_clock()
                attributes = {"engine": engine, "error.type": cause}
                attributes |= {"engine.name": name} if name else {}
                stumble = Measured(
                    name=f"stumble {engine}", start=now, end=now, attributes=attributes, error=cause
                )
                count = Figure(name="engine.stumbles", value=1, unit="", attributes=attributes)
                self._trace.add(stumble, (count,))
            case _:
                pass

    def turn(self, done: TurnDone, sent: float | None) -> None:
        """A turn is over; `sent`: when its first frame left, on the loop's clock."""
        tools, self._tools = self._tools, []
        now = self._wall_clock()
        sounded = None if sent is None else now - (self._loop.time() - sent)
        span = turn_span(done, sounded=sounded, end=now, tools=tools)
        self._trace.add(
            span, turn_figures(done, answered=sounded is not None and total_ms(done.latency) > 0)
        )

    def end(self, reason: str) -> None:
        """The call has left."""
        self._trace.end({"call.end_reason": reason})


def call_attributes(session: Session) -> dict[str, str | int | float | bool]:
    """Return what a call's span tells of it."""
    return {
        "session.id": session.call_id,
        "call.connection.id": session.leg.connection_id,
        "call.direction": str(session.leg.direction),
        "call.scenario": session.scenario.name,
        "relay.epoch": session.epoch,
    }
