"""How a conversation, its tools and a model's settings look in an OpenAI chat request."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, assert_never

from core.agents import ModelSpec
from core.chat import (
    AgentSaid,
    ChatRequest,
    Message,
    Note,
    ToolReturned,
    ToolsCalled,
    UserSaid,
)
from core.tools import ToolSpec

# Said for a tool whose result never came: without an answer to each call a request is refused.
NO_RESULT = "No result: the call was interrupted before this tool had answered."
CUT = " [The caller interrupted here and did not hear the rest.]"
# These take `max_completion_tokens` and no `temperature` or `top_p`; others say so when asked.
_REASONING = re.compile(r"^(o\d|gpt-5(?!\S*chat))", re.IGNORECASE)


def wire_messages(request: ChatRequest) -> list[dict[str, Any]]:
    """Return the request's messages, every tool call followed by exactly one answer."""
    answers: dict[str, ToolReturned] = {
        message.call_id: message
        for message in request.messages
        if isinstance(message, ToolReturned)
    }
    wire: list[dict[str, Any]] = [{"role": "system", "content": request.system}]
    for message in request.messages:
        wire.extend(_wire(message, answers))
    return wire


def wire_tools(tools: Iterable[ToolSpec]) -> list[dict[str, Any]]:
    """Return tools as functions."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in tools
    ]


def wire_options(spec: ModelSpec, model: str) -> dict[str, Any]:
    """Return the settings that are set, under the names this kind of model takes."""
    options: dict[str, Any] = {
        "reasoning_effort": spec.reasoning_effort or None,
        "verbosity": spec.verbosity or None,
    }
    if spec.reasoning_effort or _REASONING.match(model):
        options["max_completion_tokens"] = spec.max_completion_tokens or spec.max_tokens
    else:
        options["temperature"] = spec.temperature
        options["top_p"] = spec.top_p
        options["max_tokens"] = spec.max_tokens
        options["max_completion_tokens"] = spec.max_completion_tokens
        if spec.max_completion_tokens is not None:
            del options["max_tokens"]
    return {name: value for name, value in options.items() if value is not None}


def without_refused(body: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    """Return a request without the options that its model has refused."""
    kept = {name: value for name, value in body.items() if name not in refused}
    renamed = "max_tokens" in refused and "max_completion_tokens" not in refused
    if renamed and "max_tokens" in body:
        kept.setdefault("max_completion_tokens", body["max_tokens"])
    return kept


def shortened(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as one for a single token, whole and not streamed."""
    limit = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    kept = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    return {**kept, limit: 1}


def _wire(message: Message, answers: dict[str, ToolReturned]) -> list[dict[str, Any]]:
    match message:
        case UserSaid():
            return [{"role": "user", "content": message.text}]
        case AgentSaid():
            return [{"role": "assistant", "content": _with_cuts(message)}]
        case Note():
            return [{"role": "system", "content": message.text}]
        case ToolsCalled():
            return _tool_step(message, answers)
        case ToolReturned():
            # Stands right behind its call already, wherever the history has it.
            return []
        case _:
            assert_never(message)


def _with_cuts(said: AgentSaid) -> str:
    """Return what was heard, with a word wherever the caller interrupted."""
    ends = (*said.cuts, len(said.text)) if said.cut else said.cuts
    begins = (0, *ends)
    parts = [said.text[begin:end] + CUT for begin, end in zip(begins, ends, strict=False)]
    return "".join(parts) + said.text[begins[-1] :]


def _tool_step(message: ToolsCalled, answers: dict[str, ToolReturned]) -> list[dict[str, Any]]:
    if not message.calls:
        return []
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for call in message.calls
    ]
    step: list[dict[str, Any]] = [{"role": "assistant", "content": None, "tool_calls": calls}]
    for call in message.calls:
        answer = answers.get(call.id)
        text = answer.text if answer is not None else NO_RESULT
        step.append({"role": "tool", "tool_call_id": call.id, "content": text})
    return step
