"""How prompts and greetings are rendered, and which variables they may use.

Templates are sandboxed and bounded, and an undefined name is an error. Every documented variable
has a value, an empty one before it is known, so `{% if caller_name %}` is always right.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from jinja2 import (
    ChainableUndefined,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    meta,
)
from jinja2.sandbox import SandboxedEnvironment

from core.agents import AgentSpec, Scenario
from core.languages import name_of, same
from core.phrases import phrases_just_in
from core.spoken import FILTERS
from registries.mistakes import did_you_mean

log = logging.getLogger(__name__)

MAX_SOURCE_CHARS = 64_000
MAX_RENDERED_CHARS = 64_000
MAX_RENDER_S = 0.5
MAX_REPEAT = 10_000

PROMPT_VARIABLES: Mapping[str, Any] = {
    "agent_name": "",  # who speaks
    "institution_name": "Contoso Bank",  # for whom
    "caller_name": None,  # how the caller is addressed, once known
    "client_id": None,  # the customer, once he has proved who he is
    "slots": {},  # everything remembered about the caller
    "session_profile": {},  # the customer's profile, once known
    "customer_intelligence": {},  # what else is known of the customer
    "collected_information": {},  # what the caller told us in this call
    "tool_outputs": {},  # results of tools, by tool
    "active_agent": None,  # the agent that has the caller
    "previous_agent": None,  # the agent that handed the caller over
    "is_handoff": False,  # whether this agent took over from another
    "handoff_reason": "",  # why
    "handoff_context": {},  # what the previous agent passed on
    "greet_on_switch": False,  # whether the caller hears this agent introduce itself
    "callback_topic": None,  # what a call is about that we promised to make
    "earlier_call": None,  # when the number called before, as it is said
    "callback_planned": None,  # when we wanted to call back, as it is said
    "call_topic": None,  # what a call is about that somebody ordered us to make
    "call_context": {},  # what else whoever ordered it passed on
    "language": "",  # what is spoken: the caller's language once it is known, a tag like de-DE
    "language_name": "",  # its name in English
    "today": "",  # the day, ISO
}
PASSED_ON_VARIABLES: Mapping[str, Any] = {**PROMPT_VARIABLES, "reason": "", "details": ""}
"""What `context_vars` and a farewell may use: also what the agent says who hands over."""
SPOKEN_VARIABLES: Mapping[str, Any] = {**PROMPT_VARIABLES, "last_said": ""}
"""What small talk and fallbacks may use: also the last thing the agent said."""


class RenderFailed(Exception):
    """A template could not be rendered. The message names the reason, no values."""


class _Sandbox(SandboxedEnvironment):
    """Jinja for text: no loaders, no big repetitions."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(v) if isinstance(v, str | list | tuple) else abs(v) for v in (left, right)]
        if operator == "**" or sizes[0] * sizes[1] > MAX_REPEAT:
            raise TemplateError("the calculation is too large")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return _empty_if_unknown(obj, attribute, super().getattr(obj, attribute))

    def getitem(self, obj: Any, argument: Any) -> Any:
        return _empty_if_unknown(obj, argument, super().getitem(obj, argument))


def _empty_if_unknown(obj: Any, name: Any, found: Any) -> Any:
    """Let what nobody knows of a caller yet be empty: names are checked, facts come and go."""
    if isinstance(found, Undefined) and isinstance(obj, Mapping) and not str(name).startswith("_"):
        return ChainableUndefined(obj=obj, name=name)
    return found


def _sandbox() -> _Sandbox:
    sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False, trim_blocks=True)
    sandbox.lstrip_blocks = True
    sandbox.filters |= FILTERS
    sandbox.globals = {"range": lambda *ends: list(islice(range(*ends), 1000))}
    return sandbox


_SANDBOX = _sandbox()


@lru_cache(maxsize=512)
def _template(source: str) -> Template:
    if len(source) > MAX_SOURCE_CHARS:
        raise RenderFailed("the template is too long")
    return _SANDBOX.from_string(source)


def render(source: str, variables: Mapping[str, Any]) -> str:
    """Render one template with exactly these variables. Raises `RenderFailed`."""
    ends_at, size, parts = time.monotonic() + MAX_RENDER_S, 0, []
    try:
        for part in _template(source).generate(**variables):
            parts.append(part)
            size += len(part)
            if size > MAX_RENDERED_CHARS or time.monotonic() > ends_at:
                raise RenderFailed("the result is too long or takes too long")
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as problem:
        raise RenderFailed(f"{type(problem).__name__}: {problem}") from None
    return "".join(parts).strip()


def syntax_mistakes(source: str) -> list[str]:
    """Say what is wrong with a template whose variables are not known yet."""
    try:
        _template(source)
    except TemplateSyntaxError as problem:
        return [f"line {problem.lineno}: {problem.message}"]
    except RenderFailed as problem:
        return [str(problem)]
    return []


def template_mistakes(source: str, variables: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a template: syntax, undefined names, and what fails when rendered."""
    wrong = syntax_mistakes(source)
    if wrong:
        return wrong
    used = meta.find_undeclared_variables(_SANDBOX.parse(source))
    undefined = sorted(used - variables.keys() - _SANDBOX.globals.keys())
    if undefined:
        return [
            f"uses the undefined variable {name!r}{did_you_mean(name, variables)}"
            " (template_vars can define one)"
            for name in undefined
        ]
    try:
        render(source, variables)
    except RenderFailed as problem:
        return [str(problem)]
    return []


def variables_of(agent: AgentSpec, runtime: Mapping[str, Any]) -> dict[str, Any]:
    """Return every variable of a template: documented ones, the agent's, slots, what is given.

    A remembered slot with the name of a documented variable gives it its value.
    """
    slots = runtime.get("slots") or {}
    remembered = {name: slots[name] for name in PROMPT_VARIABLES if slots.get(name) is not None}
    given = {name: value for name, value in runtime.items() if value is not None}
    language = runtime.get("language") or agent.speech.language
    base = {
        **PROMPT_VARIABLES,
        "agent_name": agent.name,
        "active_agent": agent.name,
        "language": language,
        "language_name": name_of(language),
    }
    return {**base, **agent.template_vars, **remembered, **given}


def render_prompt(
    agent: AgentSpec, variables: Mapping[str, Any], *, scenario: Scenario | None = None
) -> str:
    """Return an agent's system prompt, with its handoff rules when a scenario is given.

    `variables` is what is known now, any of `PROMPT_VARIABLES`. Raises `RenderFailed`.
    """
    known = variables_of(agent, variables)
    parts = [render(agent.prompt, known), _language_rule(agent, known)]
    if scenario:
        parts.append(handoff_instructions(scenario, agent.name))
    return "\n\n".join(part for part in parts if part)


def _language_rule(agent: AgentSpec, known: Mapping[str, Any]) -> str:
    """Return what an agent is told whose caller speaks another language than its prompt."""
    language = str(known["language"])
    if same(language, agent.speech.language):
        return ""
    name = name_of(language)
    return f"The caller speaks {name}. Answer in {name}, whatever your instructions are written in."


def render_greeting(agent: AgentSpec, variables: Mapping[str, Any], *, returning: bool) -> str:
    """Return what an agent says first; `returning` when it spoke in this call before.

    Empty when the agent has no greeting, or none in the caller's language: one in another, which
    does not ask for the `language`, is better left to the model. Raises `RenderFailed`.
    """
    known = variables_of(agent, variables)
    if returning and not agent.return_greeting:
        phrases = phrases_just_in(str(known["language"]))
        return phrases.welcome_back if phrases else ""
    source = agent.return_greeting if returning else agent.greeting
    return "" if _is_foreign(agent, known, source) else render(source, known)


def render_farewell(agent: AgentSpec, variables: Mapping[str, Any], source: str) -> str:
    """Return what an agent says who hands the caller over, empty if it can not be rendered.

    For a caller of another language it is a phrase of that one, or nothing.
    """
    known = {**PASSED_ON_VARIABLES, **variables_of(agent, variables)}
    if source and _is_foreign(agent, known, source):
        phrases = phrases_just_in(str(known["language"]))
        return phrases.passing_on if phrases else ""
    return str(render_values(agent, variables, {"farewell": source}).get("farewell", ""))


def _is_foreign(agent: AgentSpec, known: Mapping[str, Any], source: str) -> bool:
    """Whether set words are in the agent's language only, and the caller speaks another."""
    return not same(str(known["language"]), agent.speech.language) and "language" not in source


def render_values(
    agent: AgentSpec, variables: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Render the templates among values; a dotted name is a value within one.

    What cannot be rendered, or comes to nothing, is left out.
    """
    known = {**PASSED_ON_VARIABLES, **variables_of(agent, variables)}
    rendered: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, str):
            try:
                value = render(value, known)  # noqa: PLW2901
            except RenderFailed as failure:
                log.warning("value not rendered", extra={"value": name, "reason": str(failure)})
                continue
        if value not in ("", None):
            *path, last = name.split(".")
            inner = rendered
            for part in path:
                if not isinstance(inner.get(part), dict):
                    inner[part] = {}
                inner = inner[part]
            inner[last] = value
    return rendered


def render_voicemail(agent: AgentSpec, variables: Mapping[str, Any]) -> str:
    """Return what an agent says to a voicemail, empty if it has nothing. Raises `RenderFailed`."""
    return render(agent.voicemail_message, variables_of(agent, variables))


def handoff_instructions(scenario: Scenario, agent: str) -> str:
    """Return the part of a prompt that says to whom this agent may hand the caller, and when."""
    lines = list(_handoff_lines(scenario, agent))
    if not lines:
        return ""
    opening = (
        "## Handing the caller over\n"
        "When the caller needs what a colleague does, call the tool at once. Don't announce it."
    )
    return "\n".join([opening, *lines])


def _handoff_lines(scenario: Scenario, agent: str) -> Iterable[str]:
    for edge in scenario.edges_from(agent):
        when = edge.condition or scenario.agent(edge.to_agent).description
        yield f"- `{edge.tool}`: {edge.to_agent}. {' '.join(when.split())}".rstrip()
    others = generic_targets(scenario, agent)
    if others:
        yield "- `handoff_to_agent`, to any of these:"
        for name in others:
            about = " ".join(scenario.agent(name).description.split())
            yield f"  - {name}: {about}" if about else f"  - {name}"


def generic_targets(scenario: Scenario, agent: str) -> tuple[str, ...]:
    """Return the agents that `handoff_to_agent` may name here."""
    if not scenario.generic.enabled:
        return ()
    allowed = scenario.generic.allowed_targets or tuple(other.name for other in scenario.agents)
    return tuple(name for name in allowed if name != agent)
