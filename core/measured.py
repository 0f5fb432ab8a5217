"""A turn as measurements: spans that lie end to end, and the figures that are kept of many turns.

Names are those of the GenAI conventions of OpenTelemetry and `turn.*`. Attributes hold names of
agents and tools, counts and times; never words, numbers or anything else of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.facts import Latency, ToolFinished, TurnDone

type Attribute = str | int | float | bool | tuple[str, ...]
type Attributes = Mapping[str, Attribute]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A stretch of time, in seconds of the wall clock, and the stretches within it.

    `kind`: a `client` waits for something that usually runs elsewhere.
    """

    name: str
    start: float
    end: float
    attributes: Attributes = field(default_factory=dict)
    kind: Literal["internal", "client"] = "internal"
    error: str = ""
    children: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One value of a figure kept over many: `unit` "" counts, others are distributions."""

    name: str
    value: float
    unit: str
    attributes: Attributes = field(default_factory=dict)


class CallTrace(Protocol):
    """Where the measurements of one call go."""

    def add(self, span: Measured, figures: Sequence[Figure]) -> None:
        """Take a part of the call that is over."""
        ...

    def end(self, attributes: Attributes) -> None:
        """The call has left this process."""
        ...


class Telemetry(Protocol):
    """Where measurements go: kept, sent on, or shown."""

    def call(self, call_id: str, attributes: Attributes) -> CallTrace:
        """Begin to measure a call. All processes that have it measure the same trace."""
        ...

    def figure(self, figure: Figure) -> None:
        """Take a figure that belongs to no call."""
        ...

    def add(self, call_id: str, span: Measured, figures: Sequence[Figure] = ()) -> None:
        """Take something that was done for a call, by one who does not hold it."""
        ...


# Span of each part of a turn, and the attribute it has in the turn's span, in order of time.
PARTS = (
    ("endpointing", "turn.endpointing", "turn.endpointing.latency_ms"),
    ("stt", "turn.stt", "turn.stt.latency_ms"),
    ("llm_first_token", "turn.llm", "turn.llm.ttfb_ms"),
    ("tool", "turn.tools", "turn.tools.latency_ms"),
    ("tts_first_audio", "turn.tts", "turn.tts.ttfb_ms"),
    ("sent", "turn.playout", "turn.playout.latency_ms"),
)


def total_ms(latency: Latency) -> float:
    """Return how long the caller waited, from the end of his speech to our first frame."""
    parts: list[float] = [getattr(latency, part) for part, _, _ in PARTS]
    return sum(parts)


def tool_span(fact: ToolFinished, end: float) -> Measured:
    """Return the span of a tool that has just finished."""
    attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": fact.name,
        "turn.number": fact.turn,
    }
    return Measured(
        name=f"execute_tool {fact.name}",
        start=end - fact.ms / 1000,
        end=end,
        attributes=attributes,
        error="" if fact.ok else fact.error or "failed",
    )


def step_measured(
    step: str, start: float, end: float, outcome: str
) -> tuple[Measured, tuple[Figure, ...]]:
    """Return span and figure of something the control plane did for a call."""
    attributes = {"call.step": step, "call.outcome": outcome}
    failed = outcome if outcome != "ok" else ""
    took = Figure(
        name="call.step.duration", value=(end - start) * 1000, unit="ms", attributes=attributes
    )
    span = Measured(name=step, start=start, end=end, attributes=attributes, error=failed)
    return span, (took,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTimes:
    """When a turn was over, on the wall clock, and for how many ms engines worked for it in all.

    `sounded`: when the first frame of its answer was sent. `left`: why the call was left while the
    caller still waited for that.
    """

    end: float
    sounded: float | None = None
    left: str = ""
    llm_total_ms: float = 0.0
    tts_total_ms: float = 0.0

    @property
    def waited_until(self) -> float | None:
        """Until when somebody waited for the answer."""
        return self.end if self.left else self.sounded


def turn_span(done: TurnDone, times: TurnTimes, within: Iterable[Measured] = ()) -> Measured:
    """Return the span of a turn, with its parts, and tools and requests that are `within` it.

    Its parts lie end to end and end with the wait. A turn in which nobody waited (a greeting) has
    none.
    """
    children = (*_parts(done, times.waited_until), *within)
    start = min((each.start for each in children), default=times.sounded or times.end)
    return Measured(
        name="turn",
        start=start,
        end=max(times.end, start),
        attributes=_turn_attributes(done, times),
        children=children,
    )


def _parts(done: TurnDone, until: float | None) -> Iterable[Measured]:
    if until is None:
        return
    at = until - total_ms(done.latency) / 1000
    for part, name, _ in PARTS:
        seconds = getattr(done.latency, part) / 1000
        if seconds:
            yield Measured(name=name, start=at, end=at + seconds)
        at += seconds


def _turn_attributes(done: TurnDone, times: TurnTimes) -> Attributes:
    attributes: dict[str, Attribute] = {
        "turn.number": done.turn,
        "turn.interrupted": done.interrupted,
        "turn.handoffs": len(done.handoffs),
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": done.agent,
        "turn.llm.input_tokens": done.usage.input_tokens,
        "turn.llm.output_tokens": done.usage.output_tokens,
        # Who served it where that was not the first of its chain.
        **{f"turn.{kind}.engine": name for kind, name in done.engines.items()},
        **_totals(times),
    }
    waited = round(total_ms(done.latency), 3)
    if times.left:
        attributes |= {"turn.left": times.left, "turn.waited_ms": waited}
    elif _was_answered(done, times):
        attributes |= {name: getattr(done.latency, part) for part, _, name in PARTS}
        attributes["turn.total_latency_ms"] = waited
    return attributes


def _was_answered(done: TurnDone, times: TurnTimes) -> bool:
    """Whether somebody waited in it, and heard something."""
    return times.sounded is not None and total_ms(done.latency) > 0


def _totals(times: TurnTimes) -> dict[str, float]:
    totals = {"turn.llm.total_ms": times.llm_total_ms, "turn.tts.total_ms": times.tts_total_ms}
    return {name: round(ms, 3) for name, ms in totals.items() if ms}


def turn_figures(done: TurnDone, times: TurnTimes) -> tuple[Figure, ...]:
    """Return the figures that one turn adds to."""
    agent = {"gen_ai.agent.name": done.agent}
    waited = total_ms(done.latency)
    if times.left:
        by = agent | {"turn.left": times.left}
        return (Figure(name="turn.unanswered.wait", value=waited, unit="ms", attributes=by),)
    known = _totals(times)
    if _was_answered(done, times):
        known["turn.total_latency_ms"] = waited
        known |= {name: getattr(done.latency, part) for part, _, name in PARTS}
    counted = agent | {"interrupted": done.interrupted}
    return (
        Figure(name="turn.count", value=1, unit="", attributes=counted),
        *(
            Figure(name=name.removesuffix("_ms"), value=ms, unit="ms", attributes=agent)
            for name, ms in known.items()
        ),
    )
