"""One call's measurements, taken from the facts it writes; nothing of it touches a frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.measured_chat import RequestWatch, watched
from core.facts import EngineStumbled, Fact, ToolFinished, TurnDone
from core.measured import (
    CallTrace,
    Figure,
    Measured,
    TurnTimes,
    tool_span,
    turn_figures,
    turn_span,
)
from core.model_requests import ModelRequest, request_figures, request_span
from core.ports import Chat
from core.session import Session


class CallMeter:
    """Measures a call. `trace` is where it goes.

    What tools and requests come to is kept until their turn is over, and put into its span; what
    comes after that, or has no turn to wait for, stands in the call's.
    """

    def __init__(self, trace: CallTrace, *, wall_clock: Callable[[], float]) -> None:
        self._trace = trace
        self._wall_clock = wall_clock
        self._loop = asyncio.get_running_loop()
        self._over = -1  # the last turn that is
        self._tools: list[Measured] = []
        self._requests: list[RequestWatch] = []

    def watched(self, chat: Chat) -> Chat:
        """Return a model whose requests are measured."""
        return watched(chat, self._requests.append, self._loop.time)

    def saw(self, fact: Fact) -> None:
        """Take a fact as it becomes known."""
        match fact:
            case ToolFinished(turn=turn):
                tool = tool_span(fact, self._wall_clock())
                if turn > self._over:
                    self._tools.append(tool)
                else:
                    self._trace.add(tool, ())
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

    def turn(self, done: TurnDone, sent: float | None, voice_s: float, *, left: str = "") -> None:
        """A turn is over; `sent`: when its first frame left, on the loop's clock.

        `left`: why it was left as it is. `voice_s`: how long the synthesizer worked for it.
        """
        self._over = done.turn
        requests, tools = self._asked(), self._used()
        times = TurnTimes(
            end=self._wall_clock(),
            sounded=None if sent is None else sent + self._ahead_s,
            left=left if sent is None else "",
            llm_total_ms=sum(each.end - each.start for each in requests) * 1000,
            tts_total_ms=voice_s * 1000,
        )
        span = turn_span(done, times, (*tools, *map(request_span, requests)))
        figures = [figure for each in requests for figure in request_figures(each)]
        self._trace.add(span, (*turn_figures(done, times), *figures))

    def end(self, reason: str) -> None:
        """The call has left."""
        for tool in self._used():
            self._trace.add(tool, ())
        for request in self._asked():
            self._trace.add(request_span(request), request_figures(request))
        self._trace.end({"call.end_reason": reason})

    @property
    def _ahead_s(self) -> float:
        """How much later it is by the wall's clock than by the loop's."""
        return self._wall_clock() - self._loop.time()

    def _used(self) -> list[Measured]:
        """Return the tools that have finished since this was asked last."""
        tools, self._tools = self._tools, []
        return tools

    def _asked(self) -> list[ModelRequest]:
        """Return the requests since this was asked last; those that go on are given up by that."""
        ahead_s = self._ahead_s
        requests = [each.so_far(ahead_s) for each in self._requests]
        self._requests.clear()  # it is the list that the watched model adds to
        return requests


def call_attributes(session: Session) -> dict[str, str | int | float | bool]:
    """Return what a call's span tells of it."""
    return {
        "session.id": session.call_id,
        "call.connection.id": session.leg.connection_id,
        "call.direction": str(session.leg.direction),
        "call.scenario": session.scenario.name,
        "relay.epoch": session.epoch,
    }
