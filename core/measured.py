"""A turn as measurements: spans that lie end to end, and the figures that are kept of many turns.

Names are those of the GenAI conventions of OpenTelemetry and `turn.*`. Attributes hold names of
agents and tools, counts and times; never words, numbers or anything else of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.facts import Latency, ToolFinished, TurnDone

type Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A stretch of time, in seconds of the wall clock, and the stretches within it."""

    name: str
    start: float
    end: float
    attributes: Attributes = field(default_factory=dict)
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
    ("llm_first_token", "chat", "turn.llm.ttfb_ms"),
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
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": fact.name}
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


def turn_span(
    done: TurnDone, *, sounded: float | None, end: float, tools: Iterable[Measured] = ()
) -> Measured:
    """Return the span of a turn; `sounded`: when the first frame of its answer was sent.

    Its parts lie end to end and end there. A turn in which nobody waited (a greeting) has none, nor
    has one without an answer.
    """
    tools = tuple(tools)
    waited = sounded is not None and total_ms(done.latency) > 0
    parts = tuple(_parts(done, sounded)) if sounded is not None and waited else ()
    start = min((each.start for each in (*parts, *tools)), default=sounded or end)
    return Measured(
        name="turn",
        start=start,
        end=max(end, start),
        attributes=_turn_attributes(done, answered=waited),
        children=(*parts, *tools),
    )


def _parts(done: TurnDone, sounded: float) -> Iterable[Measured]:
    at = sounded - total_ms(done.latency) / 1000
    for part, name, _ in PARTS:
        ms = getattr(done.latency, part)
        attributes = _chat_attributes(done) if name == "chat" else {}
        if ms or name == "chat":
            yield Measured(name=name, start=at, end=at + ms / 1000, attributes=attributes)
        at += ms / 1000


def _turn_attributes(done: TurnDone, *, answered: bool) -> Attributes:
    attributes: dict[str, str | int | float | bool] = {
        "turn.number": done.turn,
        "turn.interrupted": done.interrupted,
        "turn.handoffs": len(done.handoffs),
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": done.agent,
        "turn.llm.input_tokens": done.usage.input_tokens,
        "turn.llm.output_tokens": done.usage.output_tokens,
        # Who served it where that was not the first of its chain.
        **{f"turn.{kind}.engine": name for kind, name in done.engines.items()},
    }
    if answered:
        attributes |= {name: getattr(done.latency, part) for part, _, name in PARTS}
        attributes["turn.total_latency_ms"] = round(total_ms(done.latency), 3)
    return attributes


def _chat_attributes(done: TurnDone) -> Attributes:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.agent.name": done.agent,
        "gen_ai.usage.input_tokens": done.usage.input_tokens,
        "gen_ai.usage.output_tokens": done.usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": done.usage.cached_tokens,
        "gen_ai.response.model": done.usage.model,
    }


def turn_figures(done: TurnDone, *, answered: bool) -> tuple[Figure, ...]:
    """Return the figures that one turn adds to."""
    agent = {"gen_ai.agent.name": done.agent}
    counted = Figure(
        name="turn.count", value=1, unit="", attributes=agent | {"interrupted": done.interrupted}
    )
    if not answered:
        return (counted,)
    tokens = (("input", done.usage.input_tokens), ("output", done.usage.output_tokens))
    return (
        counted,
        Figure(
            name="turn.total_latency", value=total_ms(done.latency), unit="ms", attributes=agent
        ),
        *(
            Figure(
                name=name.removesuffix("_ms"),
                value=getattr(done.latency, part),
                unit="ms",
                attributes=agent,
            )
            for part, _, name in PARTS
        ),
        *(
            Figure(
                name="gen_ai.client.token.usage",
                value=count,
                unit="{token}",
                attributes={"gen_ai.token.type": kind, "gen_ai.operation.name": "chat"},
            )
            for kind, count in tokens
            if count
        ),
    )
