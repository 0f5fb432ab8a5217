"""How a wish gets its arguments: from what was heard, from what came up before, or by asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.scripted_brain.dialogue import questions_of, remembered_value
from adapters.scripted_brain.slots import TOLD_WITH_A_WISH, Kind, kind_of, value_heard
from core.chat import ChatRequest
from core.heard import words
from core.tools import ToolSpec

_NUMERIC = frozenset({Kind.MONEY, Kind.NUMBER, Kind.DIGITS, Kind.DAY})
_FIGURES = _NUMERIC - {Kind.DAY}
_POINTING = frozenset({"it", "that", "again", "same", "this"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A tool to run."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is said now, and which tools are run after."""

    say: str = ""
    calls: tuple[Wish, ...] = ()


def pursued(request: ChatRequest, tool: ToolSpec, heard: list[tuple[str, str]]) -> Decision:
    """Run a tool with what was heard, or ask for what is missing.

    `heard` holds, oldest first, what was said and for which parameter it was asked (empty: the
    wish itself).
    """
    arguments: dict[str, Any] = {}
    for parameter, said in heard:
        arguments |= heard_arguments(tool, parameter, said)
    arguments = {**_implied(request, tool, heard[-1][1], arguments), **arguments}
    asked = {parameter for parameter, _ in heard}
    for name, question in questions_of(tool).items():
        if name not in arguments and _must_ask(tool, name, asked):
            return Decision(say=question)
    return Decision(calls=(Wish(name=tool.name, arguments=arguments),))


def heard_arguments(tool: ToolSpec, asked: str, said: str) -> dict[str, Any]:
    """Return the arguments that some words hold, as an answer to `asked` (or as a wish)."""
    found: dict[str, Any] = {}
    asked_kind = kind_of(asked, schema_of(tool, asked)) if asked else None
    for name, schema in tool.parameters.get("properties", {}).items():
        # One number is one answer: an age is not an amount too.
        one_number = asked_kind in _NUMERIC - {Kind.DIGITS} and kind_of(name, schema) in _NUMERIC
        if name != asked and (one_number or (asked and name in TOLD_WITH_A_WISH)):
            continue
        value = value_heard(name, schema, said, asked=name == asked)
        if value is not None:
            found[name] = value
    if any(kind_of(name, schema_of(tool, name)) is Kind.DAY for name in found):
        # The figures of a date are not a number of their own.
        found = {n: v for n, v in found.items() if kind_of(n, schema_of(tool, n)) not in _FIGURES}
    return found


def schema_of(tool: ToolSpec, name: str) -> Mapping[str, Any]:
    """Return the schema of one parameter."""
    schema: Mapping[str, Any] = tool.parameters.get("properties", {}).get(name, {})
    return schema


def _implied(
    request: ChatRequest, tool: ToolSpec, said: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what nobody said: the thing that came up last, and a reason in the caller's words."""
    required = tool.parameters.get("required", ())
    points_back = not _POINTING.isdisjoint(words(said))
    implied: dict[str, Any] = {}
    for name, schema in tool.parameters.get("properties", {}).items():
        if name in arguments or not (name in required or points_back):
            continue
        known = remembered_value(request, name, schema)
        if known is not None:
            implied[name] = known
        elif name in required and name not in tool.ask and kind_of(name, schema) is Kind.WORDS:
            implied[name] = said
    return implied


def _must_ask(tool: ToolSpec, name: str, asked: set[str]) -> bool:
    """Whether to ask (again). The optional is asked for once, and not if it has a default."""
    if name in tool.parameters.get("required", ()):
        return True
    return name not in asked and "default" not in schema_of(tool, name)
