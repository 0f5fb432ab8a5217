"""Tools for models that know none: every answer is one JSON object, held to a schema.

`{"say": "what the caller hears", "calls": [{"name": "...", "arguments": {...}}]}`. The words come
first, so that they are spoken while the rest still streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from adapters.openai_reply import Reply
from core.chat import AgentSaid, ChatRequest, ToolReturned, ToolsCalled, UserSaid
from core.errors import Cause, EngineError, EngineFailed
from core.sound_text import sound_data, sound_text
from core.tools import ToolCall, ToolSpec

MAX_CALLS = 4
_SAY = re.compile(r'\s*\{\s*"say"\s*:\s*"')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[^u])")


def response_format(tools: Iterable[ToolSpec]) -> dict[str, Any]:
    """Return the schema that an answer with these tools must follow."""
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "enum": [tool.name]},
                "arguments": dict(tool.parameters) or {"type": "object"},
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in tools
    ]
    schema = {
        "type": "object",
        "properties": {
            "say": {"type": "string"},
            "calls": {"type": "array", "maxItems": MAX_CALLS, "items": {"anyOf": calls}},
        },
        "required": ["say", "calls"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def explained(request: ChatRequest) -> ChatRequest:
    """Return a request whose prompt tells of its tools, and whose history looks like answers."""
    told = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {json.dumps(dict(tool.parameters))}"
        for tool in request.tools
    )
    system = (
        f"{request.system}\n\n## How to answer\n"
        'Answer with one JSON object: "say" holds the words the caller hears, "calls" the tools'
        ' to use now ({"name", "arguments"}), in most answers none. Say nothing when you call a'
        f" tool whose result you need first. The tools:\n{told}"
    )
    return replace(
        request, system=system, messages=tuple(_as_answer(each) for each in request.messages)
    )


def _as_answer(message: Any) -> Any:
    match message:
        case AgentSaid(text=text):
            return replace(message, text=_answer(text, ()))
        case ToolsCalled(calls=calls):
            return AgentSaid(text=_answer("", calls))
        case ToolReturned(name=name, text=text):
            return UserSaid(text=f"[{name} answers] {text}")
        case _:
            return message


def _answer(say: str, calls: Iterable[ToolCall]) -> str:
    wished = [{"name": call.name, "arguments": dict(call.arguments)} for call in calls]
    return json.dumps({"say": say, "calls": wished})


class SchemaReply(Reply):
    """An answer that follows the schema. One that is no JSON at all is taken as words."""

    def __init__(self) -> None:
        super().__init__()
        self._raw = ""
        self._at = 0  # how far `say` was read
        self._spoken = 0  # how many of its letters were given out

    def take(self, chunk: Any) -> str:
        """Add a chunk; return what more of its words is certain."""
        self._raw += super().take(chunk)
        if self._raw.lstrip()[:1] not in ("", "{", "`"):
            fresh, self._spoken = self._raw[self._spoken :], len(self._raw)
            return fresh
        opening = _SAY.match(self._raw)
        return self._more(opening.end()) if opening else ""

    def rest(self) -> str:
        """Return words that did not come first, or were held back."""
        self._raw += super().rest()
        if self._raw.lstrip()[:1] not in ("{", "`"):
            return self._raw[self._spoken :]
        say = self._parsed().get("say")
        return say[self._spoken :] if isinstance(say, str) else ""

    def tool_calls(self) -> list[ToolCall]:
        """Return the calls. Raises `EngineFailed` for an answer that is damaged."""
        self.check()
        if self.cut or self._raw.lstrip()[:1] not in ("{", "`"):
            return []
        answer = self._parsed()
        wished = answer.get("calls", [])
        if not answer or not isinstance(wished, list):
            raise EngineFailed(EngineError(cause=Cause.LOST, detail="the answer is not JSON"))
        return [
            ToolCall(
                id=f"call_{n}",
                name=sound_text(str(wish["name"])),
                arguments=sound_data(wish["arguments"]),
            )
            for n, wish in enumerate(wished[:MAX_CALLS])
            if isinstance(wish, Mapping)
            and wish.get("name")
            and isinstance(wish.get("arguments"), Mapping)
        ]

    def _more(self, begin: int) -> str:
        """Return what of the string that begins here has come whole since the last time."""
        at, words = max(self._at, begin), ""
        while at < len(self._raw) and self._raw[at] != '"':
            if self._raw[at] != "\\":
                words += self._raw[at]
                at += 1
                continue
            escape = _ESCAPE.match(self._raw, at)
            if escape is None or (_is_high(escape[0]) and len(self._raw) < at + 12):
                break  # the rest of it is still to come
            end = at + (12 if _is_high(escape[0]) else len(escape[0]))
            words += _decoded(self._raw[at:end])
            at = end
        self._at = at
        self._spoken += len(words)
        return words

    def _parsed(self) -> dict[str, Any]:
        text = re.sub(r"^\s*```(?:json)?|```\s*$", "", self._raw)
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}


def _is_high(escape: str) -> bool:
    """Whether an escape is the first half of a letter that needs two."""
    return escape[1] == "u" and 0xD800 <= int(escape[2:], 16) < 0xDC00


def _decoded(escape: str) -> str:
    try:
        return str(json.loads(f'"{escape}"'))
    except ValueError:
        return " "
