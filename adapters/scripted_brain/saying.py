"""How templates of tools and small talk become words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from adapters.scripted_brain.dialogue import last_said
from core.chat import ChatRequest, ToolReturned
from core.spoken import FILTERS


def _sandbox(undefined: type[Any]) -> SandboxedEnvironment:
    sandbox = SandboxedEnvironment(undefined=undefined, autoescape=False)
    sandbox.filters |= FILTERS
    return sandbox


# The texts of these errors tell a model what to do; nobody should hear them.
_FOR_MODELS = frozenset({"arguments", "missing_slot", "unknown_tool"})

# A result without the field that a template names is spoken as its text instead.
_RESULTS = _sandbox(StrictUndefined)
_TALK = _sandbox(ChainableUndefined)


def spoken_result(result: ToolReturned, template: str, request: ChatRequest) -> str:
    """Say a tool's result by its template, or its text when there is none or it does not fit."""
    if result.data.get("error") in _FOR_MODELS:
        return "I am sorry, that did not work."
    if not template or not result.ok:
        return result.text
    values = {**_known(request), "text": result.text, **result.data}
    try:
        return _compiled(_RESULTS, template).render(values)
    except (TemplateError, TypeError, ValueError, LookupError):
        return result.text


def spoken_talk(template: str, request: ChatRequest) -> str:
    """Say small talk or a fallback."""
    values = {**_known(request), "last_said": last_said(request.messages)}
    return " ".join(_compiled(_TALK, template).render(values).split())


def _known(request: ChatRequest) -> dict[str, Any]:
    agent, slots = request.agent, request.slots
    named: Mapping[str, Any] = {"caller_name": slots.get("caller_name"), "slots": slots}
    return {"agent_name": agent.name, **agent.template_vars, **named}


@lru_cache(maxsize=256)
def _compiled(sandbox: SandboxedEnvironment, source: str) -> Template:
    return sandbox.from_string(source)
