"""One streamed completion, put together: words as they come, calls whole, how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from core.chat import Finished
from core.errors import Cause, EngineError, EngineFailed
from core.sound_text import sound_data, sound_text
from core.tools import ToolCall

_REASONS = ("stop", "tool_calls", "length", "content_filter")
_THOUGHT = ("<think>", "</think>")


@dataclass(slots=True)
class _PartialCall:
    """A tool call while its fragments arrive."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class Reply:
    """What has streamed in so far, of a model that knows tools.

    Chunks may have no choices, choices no delta (the asynchronous filter of Azure), and calls
    come in fragments by index.
    """

    def __init__(self) -> None:
        self.begun = False
        self._calls: dict[int, _PartialCall] = {}
        self._reason: str | None = None
        self._usage: Any = None
        self._model = ""
        self._thoughts = Thoughts()

    def take(self, chunk: Any) -> str:
        """Add a chunk; return its text."""
        self._usage = chunk.usage or self._usage
        self._model = chunk.model or self._model
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        delta = choice.delta
        if delta is None:
            return ""
        for fragment in delta.tool_calls or ():
            self.begun = True
            call = self._calls.setdefault(fragment.index, _PartialCall())
            call.id = fragment.id or call.id
            if function := fragment.function:
                call.name += function.name or ""
                call.arguments += function.arguments or ""
        return self._thoughts.without((delta.content or "") + (delta.refusal or ""))

    def rest(self) -> str:
        """Return text that was held back."""
        return self._thoughts.rest()

    def tool_calls(self) -> list[ToolCall]:
        """Return the complete calls. Raises `EngineFailed` for damaged ones."""
        self.check()
        if self._reason not in ("stop", "tool_calls"):
            return []
        return [
            ToolCall(
                id=call.id or f"call_{index}",
                name=sound_text(call.name),
                arguments=_arguments(call.arguments),
            )
            for index, call in sorted(self._calls.items())
        ]

    def check(self) -> None:
        """Make sure that it came to an end. Raises `EngineFailed`."""
        if self._reason is None:
            raise EngineFailed(
                EngineError(cause=Cause.LOST, detail="the reply ended without a finish reason")
            )

    def finished(self, *, calls: bool) -> Finished:
        """Return how it ended and what it cost."""
        reason = self._reason if self._reason in _REASONS else "stop"
        if reason == "stop" and calls:
            reason = "tool_calls"
        usage = self._usage
        asked = getattr(usage, "prompt_tokens_details", None)
        answered = getattr(usage, "completion_tokens_details", None)
        return Finished(
            reason=cast(Literal["stop", "tool_calls", "length", "content_filter"], reason),
            filtered="reply" if reason == "content_filter" else "",
            model=self._model,
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
            cached_tokens=getattr(asked, "cached_tokens", 0) or 0,
            reasoning_tokens=getattr(answered, "reasoning_tokens", 0) or 0,
        )


class Thoughts:
    """Takes out what some models at home think aloud, `<think>...</think>` before the answer."""

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["before", "thinking", "after"] = "before"

    def without(self, text: str) -> str:
        """Return what of more text is meant for the caller."""
        if self._state == "after" or not text:
            return text
        self._held += text
        opening, closing = _THOUGHT
        if self._state == "before":
            begun = self._held.lstrip()
            if opening.startswith(begun[: len(opening)]) and len(begun) < len(opening):
                return ""
            if not begun.startswith(opening):
                return self._release(self._held)
            self._state = "thinking"
        thought, found, answer = self._held.partition(closing)
        if not found:
            self._held = thought[-len(closing) :]  # the tag may come in pieces
            return ""
        return self._release(answer.lstrip())

    def rest(self) -> str:
        """Return what was held back and is no thought."""
        return self._release(self._held) if self._state == "before" else ""

    def _release(self, text: str) -> str:
        self._held, self._state = "", "after"
        return text


def _arguments(text: str) -> Mapping[str, Any]:
    """Return a call's arguments; models leave them empty where a tool has none."""
    try:
        arguments = sound_data(json.loads(text or "{}"))
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise EngineFailed(
            EngineError(cause=Cause.LOST, detail="tool arguments are not a JSON object")
        )
    return arguments


def error_of(error: Exception) -> EngineError:
    """Return what an exception of the `openai` package means to a call, without its message.

    Messages of servers quote prompts, so only the class and the service's error code are kept.
    """
    import openai

    code = getattr(error, "code", None)
    detail = f"{type(error).__name__} {code}" if isinstance(code, str) else type(error).__name__
    match error:
        case openai.APITimeoutError():
            cause = Cause.TIMEOUT
        case openai.APIConnectionError():
            cause = Cause.UNAVAILABLE
        case openai.APIStatusError():
            cause = _cause_of_status(error.status_code)
        case _:
            # Among them an error event in mid-stream.
            cause = Cause.LOST
    return EngineError(cause=cause, detail=detail[:100])


def is_filtered(error: Exception) -> bool:
    """Whether a request was refused because of what it says."""
    return getattr(error, "code", None) == "content_filter"


def refused_option(error: Exception, options: Collection[str]) -> str:
    """Return the option of a request that this model does not take, empty if it is not that.

    A deployment's name need not tell which model it is, so the model tells us.
    """
    if getattr(error, "code", None) not in ("unsupported_parameter", "unsupported_value"):
        return ""
    name = str(getattr(error, "param", "") or "")
    quoted = re.search(r"'([a-z_]+)'", str(error))
    for candidate in (name, quoted[1] if quoted else ""):
        if candidate in options:
            return candidate
    return ""


def _cause_of_status(status: int) -> Cause:
    if status in (401, 403):
        return Cause.AUTH
    if status == 429:
        return Cause.THROTTLED
    if status == 408:
        return Cause.TIMEOUT
    return Cause.UNAVAILABLE if status >= 500 else Cause.BAD_REQUEST
