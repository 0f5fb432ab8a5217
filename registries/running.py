"""How a tool is run for a model: checked arguments, a time limit, and a result whatever happens."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import is_dataclass, replace
from functools import cache, partial
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_jsonable_python

from core.errors import unquoted
from core.sound_text import sound_data, sound_text
from core.tools import HIDDEN, Effect, ToolResult, ToolSpec
from registries.context import ToolContext
from registries.signature import WrongArguments
from registries.tools import TOOLS, Tool, ToolRegistry, list_tools

log = logging.getLogger(__name__)

TOOL_THREADS = 16
_EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)
_ANOTHER_WAY = "I can try again, or help you with something else."


async def run_tool(
    tool: ToolSpec | str,
    arguments: Mapping[str, Any],
    context: ToolContext,
    *,
    registry: ToolRegistry = TOOLS,
) -> ToolResult:
    """Run a tool by name and return its result; never raises for what the tool does.

    A plain function runs in a thread. `error` of a failed result is `unknown_tool`, `missing_slot`,
    `arguments`, `timeout` or `failed`, or what the tool itself says.
    """
    name = tool if isinstance(tool, str) else tool.name
    list_tools(registry)  # the shipped ones are imported at first use
    found = registry.get(name)
    if found is None:
        return _failed("unknown_tool", f"There is no tool {name!r}.")
    for slot, provider in found.requires.items():
        if slot not in context.slots:
            text = f"This needs {slot}. Use {provider} first, then call {name} again."
            missing = _failed("missing_slot", text)
            return replace(missing, data={**missing.data, "first": provider})
    try:
        values = found.values(arguments)
    except WrongArguments as problem:
        return _failed("arguments", str(problem))
    return await _run(found, context, values)


async def run_approved(
    name: str,
    details: Mapping[str, Any],
    context: ToolContext,
    *,
    registry: ToolRegistry = TOOLS,
) -> ToolResult:
    """Do what a person approved, by the tool's `on_approved`; never raises for what that does.

    `error` of a failed result is `unknown_tool`, `timeout` or `failed`, or what the tool says.
    """
    list_tools(registry)
    found = registry.get(name)
    if found is None or found.on_approved is None:
        return _failed("unknown_tool", "This can not be done any more.")
    return await _run(replace(found, run=found.on_approved), context, {"details": details})


def longest_s(name: str, *, registry: ToolRegistry = TOOLS) -> float:
    """Return for how many seconds a tool may act; 0 for a tool that there is not."""
    list_tools(registry)
    found = registry.get(name)
    return found.spec.timeout_s if found else 0.0


async def _run(tool: Tool, context: ToolContext, values: dict[str, Any]) -> ToolResult:
    name = tool.spec.name
    facts = {"tool": name, "call_id": context.call_id}
    try:
        async with asyncio.timeout(tool.spec.timeout_s):
            return result_of(await _answer(tool, context, values))
    except TimeoutError:
        log.warning("tool took too long", extra=facts)
        return _failed("timeout", f"That takes too long right now. {_ANOTHER_WAY}")
    # The edge to other people's code: a call survives whatever it raises.
    except Exception as error:
        told = _without(values.values(), f"{type(error).__name__}: {error}")
        log.exception("tool failed", extra=facts, exc_info=unquoted(error, told))
        return _failed(
            "failed", f"That did not work because of a technical problem. {_ANOTHER_WAY}"
        )


async def _answer(tool: Tool, context: ToolContext, values: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(tool.run):
        return await tool.run(context, **values)
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(_threads(), partial(tool.run, context, **values))
    return await answer if inspect.isawaitable(answer) else answer


def _without(values: Iterable[Any], text: str) -> str:
    """Return a text without what the caller said or keyed in: errors like to quote it."""
    for said in sorted({str(value) for value in values if value}, key=len, reverse=True):
        text = text.replace(said, HIDDEN) if len(said) > 1 else text
    return text


@cache
def _threads() -> ThreadPoolExecutor:
    # Not the loop's default pool: tools that hang must not starve everybody else.
    return ThreadPoolExecutor(TOOL_THREADS, thread_name_prefix="tool")


def result_of(answer: Any) -> ToolResult:
    """Make a result of what a tool returned: text, data, a result, or any of them with effects."""
    match answer:
        case ToolResult():
            data = sound_data(to_jsonable_python(answer.data))
            effects = tuple(map(_sound, answer.effects))
            return replace(answer, text=sound_text(answer.text), data=data, effects=effects)
        case str():
            return ToolResult(text=sound_text(answer))
        case None:
            return ToolResult(text="Done.")
        case (value, *effects):
            result = result_of(value)
            return replace(result, effects=(*result.effects, *map(_sound, effects)))
        case _:
            return _from_data(answer)


def _sound(effect: Any) -> Effect:
    """Return an effect as it can be kept. Raises ValueError for a field that is of no use."""
    return _EFFECT.validate_python(sound_data(to_jsonable_python(effect)))


def _from_data(answer: Any) -> ToolResult:
    plain = is_dataclass(answer) or isinstance(answer, Mapping | BaseModel)
    given = sound_data(to_jsonable_python(answer))
    data = given if plain else {"value": given}
    ok = all(data.get(key) is not False for key in ("success", "ok", "authenticated"))
    text = data.get("message") or json.dumps(data, ensure_ascii=False)
    return ToolResult(text=str(text), data=data, ok=ok, error="" if ok else "refused")


def _failed(error: str, text: str) -> ToolResult:
    return ToolResult(ok=False, error=error, text=text, data={"error": error})
