"""Which tools there are: the registry, and the decorator that fills it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, overload

from core.tools import ToolSpec
from registries.context import ToolContext
from registries.mistakes import Mistake
from registries.signature import Signature, WrongArguments

HANDOFF = "handoff"
TRANSFER = "transfer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as it runs. `values` checks arguments; `requires`: slot to the tool giving it.

    `on_approved` does, with the context and the details that a person approved, what was asked.
    """

    spec: ToolSpec
    run: Callable[..., Any]
    values: Callable[[Mapping[str, Any]], dict[str, Any]]
    requires: Mapping[str, str] = field(default_factory=dict)
    on_approved: Callable[..., Any] | None = None
    source: str = ""


class DuplicateTool(Exception):
    """Two tools want one name. Say `override=True` where that is meant."""


class ToolRegistry:
    """Tools by name. `register` is the decorator; see `register_tool`."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    def __iter__(self) -> Iterator[Tool]:
        return iter(sorted(self._tools.values(), key=lambda tool: tool.spec.name))

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def get(self, name: str) -> Tool | None:
        """Return a tool by name."""
        return self._tools.get(name)

    def add(self, tool: Tool, *, override: bool = False) -> None:
        """Take a tool in. Raises `DuplicateTool`."""
        if tool.spec.name in self._tools and not override:
            other = self._tools[tool.spec.name]
            raise DuplicateTool(f"{tool.spec.name}: in {other.source} and in {tool.source}")
        self._tools[tool.spec.name] = tool

    @overload
    def register[F: Callable[..., Any]](self, name: F, /) -> F: ...

    @overload
    def register(
        self,
        name: str,
        schema: Mapping[str, Any],
        executor: Callable[..., Any],
        *,
        is_handoff: bool = False,
        tags: Iterable[str] | None = None,
        override: bool = False,
    ) -> None: ...

    @overload
    def register[F: Callable[..., Any]](
        self,
        *,
        name: str = "",
        description: str = "",
        side_effects: bool = False,
        timeout_s: float = 8.0,
        filler: str = "",
        examples: Iterable[str] = (),
        ask: Mapping[str, str] | None = None,
        say: str = "",
        tags: Iterable[str] | None = None,
        requires: Mapping[str, str] | None = None,
        transfers_to: str = "",
        on_approved: Callable[..., Any] | None = None,
        override: bool = False,
    ) -> Callable[[F], F]: ...

    def register(
        self,
        name: Any = "",
        schema: Mapping[str, Any] | None = None,
        executor: Callable[..., Any] | None = None,
        *,
        is_handoff: bool = False,
        tags: Iterable[str] | None = None,
        requires: Mapping[str, str] | None = None,
        transfers_to: str = "",
        override: bool = False,
        **facts: Any,
    ) -> Any:
        """Make a tool of a typed function whose first parameter is the `ToolContext`.

        `@register_tool`, `@register_tool(side_effects=True, ...)`, or the function form
        `register_tool(name, schema, executor)` for a schema written by hand, whose executor takes
        the arguments as one dict (one parameter) or by keyword. `requires` maps a slot that must
        be remembered before the tool may run to the tool that provides it; `transfers_to` names
        the transfer target that it asks for; `on_approved(context, details)` does what the tool
        returned `AskApproval` for, once a person has agreed. Raises `DuplicateTool`, TypeError for
        a parameter without a type.
        """
        all_tags = frozenset(tags or ()) | ({HANDOFF} if is_handoff else frozenset())
        all_tags |= {f"{TRANSFER}{transfers_to}"} if transfers_to else frozenset()
        if schema is not None and executor is not None:
            self.add(_from_schema(str(name), schema, executor, all_tags), override=override)
            return None

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            chosen = "" if callable(name) else name
            tool = _from_function(function, chosen, all_tags, requires or {}, facts)
            self.add(tool, override=override)
            return function

        return decorate(name) if callable(name) else decorate


TOOLS = ToolRegistry()
register_tool = TOOLS.register


def list_tools(registry: ToolRegistry = TOOLS) -> list[ToolSpec]:
    """Return every shipped and dropped-in tool, by name."""
    if registry is TOOLS:
        toolstore_mistakes()
    return [tool.spec for tool in registry]


@cache
def toolstore_mistakes() -> tuple[Mistake, ...]:
    """Import every module of `registries.toolstore` once; tell what does not load."""
    import registries.toolstore as store

    return tuple(import_tools(store))


def import_tools(package: ModuleType) -> Iterator[Mistake]:
    """Import the modules of a package for what they register; yield what does not load."""
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_"):
            continue
        try:
            importlib.import_module(f"{package.__name__}.{module.name}")
        except Exception as problem:  # noqa: BLE001, whatever somebody's module raises is told
            file, reason = f"{module.name}.py", f"{type(problem).__name__}: {problem}"
            yield Mistake(file=f"toolstore/{file}", field=_line(file, problem), reason=reason)


def _line(file: str, problem: Exception) -> str:
    """Return the line of a file in which something was raised, if it was reached at all."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == file]
    return f"line {lines[-1]}" if lines else ""


def _from_function(
    function: Callable[..., Any],
    name: str,
    tags: frozenset[str],
    requires: Mapping[str, str],
    facts: Mapping[str, Any],
) -> Tool:
    signature = Signature(function)
    written = inspect.getdoc(function) or ""
    spec = ToolSpec(
        name=name or function.__name__,
        description=facts.get("description") or " ".join(written.split("\n\n")[0].split()),
        parameters=signature.schema,
        side_effects=facts.get("side_effects", False),
        timeout_s=facts.get("timeout_s", 8.0),
        filler=facts.get("filler", ""),
        examples=tuple(facts.get("examples", ())),
        ask=dict(facts.get("ask") or {}),
        say=facts.get("say", ""),
        tags=tags,
    )
    unknown = set(spec.ask) - set(signature.schema["properties"])
    if unknown:
        raise TypeError(f"{spec.name}: `ask` names no parameter: {', '.join(sorted(unknown))}")
    return Tool(
        spec=spec,
        run=function,
        values=signature.values,
        requires=dict(requires),
        on_approved=facts.get("on_approved"),
        source=function.__module__,
    )


def _from_schema(
    name: str, schema: Mapping[str, Any], executor: Callable[..., Any], tags: frozenset[str]
) -> Tool:
    parameters = schema.get("parameters", schema)
    spec = ToolSpec(
        name=name, description=schema.get("description", ""), parameters=parameters, tags=tags
    )
    takes = list(inspect.signature(executor).parameters.values())
    one_dict = len(takes) == 1 and takes[0].kind is not inspect.Parameter.VAR_KEYWORD

    def run(call: ToolContext, **values: Any) -> Any:
        return executor(values) if one_dict else executor(**values)

    if inspect.iscoroutinefunction(executor):
        run = inspect.markcoroutinefunction(run)
    return Tool(
        spec=spec,
        run=run,
        values=lambda arguments: _checked(parameters, arguments),
        source=executor.__module__,
    )


def _checked(parameters: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a hand-written schema says plainly: required, known and enumerated."""
    properties = parameters.get("properties", {})
    wrong = [
        f"{name} is missing" for name in parameters.get("required", ()) if name not in arguments
    ]
    wrong += [f"{name} is unknown" for name in arguments if name not in properties]
    wrong += [
        f"{name} must be one of {properties[name]['enum']}"
        for name, value in arguments.items()
        if "enum" in properties.get(name, {}) and value not in properties[name]["enum"]
    ]
    if wrong:
        raise WrongArguments(f"These arguments do not fit: {'; '.join(wrong)}.")
    return dict(arguments)
