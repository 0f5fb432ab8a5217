"""One streamed completion, put together: words as they come, calls whole, how it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
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

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Reply:
    """What has streamed in so far, of a model that knows tools.

    Chunks may have no choices, choices no delta (the asynchronous filter of Azure), and calls
    come in fragments by index. `working`: there was more of it in the last chunk, told or not.
    """

    def __init__(self) -> None:
        self.working = False
        self._calls: list[_PartialCall] = []
        self._reason: str | None = None
        self._usage: Any = None
        self._model = ""
        self._thoughts = Thoughts()

    def take(self, chunk: Any) -> str:
        """Add a chunk; return its text."""
        self.working = False
        self._usage = chunk.usage or self._usage
        self._model = str(chunk.model or self._model)
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._reason = choice.finish_reason or self._reason
        delta = choice.delta
        if delta is None:
            return ""
        fragments = delta.tool_calls or ()
        for fragment in fragments:
            self._add(fragment)
        text = (delta.content or "") + (delta.refusal or "")
        self.working = bool(text or fragments or _is_thought(delta))
        return self._thoughts.without(text)

    def _add(self, fragment: Any) -> None:
        """Add a part of a call. A name under a new id is another one, as some servers count all
        calls as the first, or none.
        """
        index, id_, function = fragment.index or 0, str(fragment.id or ""), fragment.function
        name = (function and function.name) or ""
        call = next((call for call in reversed(self._calls) if call.index == index), None)
        if call is None or (name and id_ not in ("", call.id)):
            call = _PartialCall(index)
            self._calls.append(call)
        call.id = id_ or call.id
        call.name += name
        call.arguments += (function and function.arguments) or ""

    def rest(self) -> str:
        """Return text that was held back."""
        return self._thoughts.rest()

    def tool_calls(self) -> list[ToolCall]:
        """Return the complete calls. Raises `EngineFailed` for damaged ones."""
        self.check()
        if self.cut:
            return []
        return [
            ToolCall(
                id=call.id or f"call_{n}",
                name=sound_text(call.name),
                arguments=_arguments(call.arguments),
            )
            for n, call in enumerate(sorted(self._calls, key=lambda each: each.index))
        ]

    def check(self) -> None:
        """Make sure that it came to an end. Raises `EngineFailed`."""
        if self._reason is None:
            raise EngineFailed(
                EngineError(cause=Cause.LOST, detail="the reply ended without a finish reason")
            )

    @property
    def cut(self) -> bool:
        """Whether a limit or a filter ended it; servers call other ends what they like."""
        return self._reason in ("length", "content_filter")

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
            input_tokens=_count(usage, "prompt_tokens"),
            output_tokens=_count(usage, "completion_tokens"),
            cached_tokens=_count(asked, "cached_tokens"),
            reasoning_tokens=_count(answered, "reasoning_tokens"),
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


def _count(counted: Any, name: str) -> int:
    """Return a count, 0 where a server has none or says something else."""
    count = getattr(counted, name, 0)
    return count if isinstance(count, int) else 0


def _is_thought(delta: Any) -> bool:
    """Whether this is reasoning that servers send beside the answer, under one of two names."""
    return any(getattr(delta, name, None) for name in ("reasoning_content", "reasoning"))


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


@contextmanager
def readable() -> Iterator[None]:
    """Take what cannot be read in a reply as a damaged one: cause `lost`. Raises `EngineFailed`.

    The package passes on what servers send, JSON of any shape or none, and checks nothing.
    """
    try:
        yield
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        detail = f"the reply cannot be read: {type(error).__name__}"
        # Not `from error`: it quotes what was said.
        raise EngineFailed(EngineError(cause=Cause.LOST, detail=detail)) from None


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
