"""A request to a language model as a span and figures, in the words of OpenTelemetry's GenAI."""

from __future__ import annotations

from dataclasses import dataclass

from core.chat import Addressee, Finished
from core.measured import Attribute, Attributes, Figure, Measured

CANCELLED = "cancelled"
"""The error of a request that was given up: the caller spoke on, or it took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One request, in seconds of the wall clock. `first`: when the answer began to come.

    `finished` is None where the answer came to no end, and `error` says why.
    """

    to: Addressee
    agent: str
    start: float
    end: float
    first: float | None = None
    finished: Finished | None = None
    error: str = ""


def request_span(request: ModelRequest) -> Measured:
    """Return the span of a request. One that was given up is no failure of the model's."""
    attributes: dict[str, Attribute] = {
        **_whom(request),
        "gen_ai.agent.name": request.agent,
        # Its name before `gen_ai.provider.name`, by which Azure Monitor knows a model.
        "gen_ai.system": request.to.provider,
        "gen_ai.request.stream": True,
    }
    if request.first is not None:
        attributes["gen_ai.response.time_to_first_chunk"] = round(request.first - request.start, 6)
    if done := request.finished:
        attributes["gen_ai.response.finish_reasons"] = (done.reason,)
        tokens = {
            "input_tokens": done.input_tokens,
            "output_tokens": done.output_tokens,
            "cache_read.input_tokens": done.cached_tokens,
            "reasoning.output_tokens": done.reasoning_tokens,
        }
        attributes |= {f"gen_ai.usage.{kind}": count for kind, count in tokens.items() if count}
    return Measured(
        name=f"chat {request.to.model}".strip(),
        kind="client",
        start=request.start,
        end=request.end,
        attributes=attributes,
        error="" if request.error == CANCELLED else request.error,
    )


def request_figures(request: ModelRequest) -> tuple[Figure, ...]:
    """Return the figures that one request adds to, whoever waited for it."""
    whom, done = _whom(request), request.finished
    times = {"duration": request.end - request.start}
    if request.first is not None:
        times["time_to_first_chunk"] = request.first - request.start
    tokens = {"input": done.input_tokens, "output": done.output_tokens} if done else {}
    return (
        *(
            Figure(name=f"gen_ai.client.operation.{name}", value=s, unit="s", attributes=whom)
            for name, s in times.items()
        ),
        *(
            Figure(
                name="gen_ai.client.token.usage",
                value=count,
                unit="{token}",
                attributes={**whom, "gen_ai.token.type": kind},
            )
            for kind, count in tokens.items()
            if count
        ),
    )


def _whom(request: ModelRequest) -> Attributes:
    answered = request.finished.model if request.finished else ""
    known = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": request.to.provider,
        "gen_ai.request.model": request.to.model,
        "gen_ai.response.model": answered,
        "error.type": request.error,
    }
    return {name: value for name, value in known.items() if value}
