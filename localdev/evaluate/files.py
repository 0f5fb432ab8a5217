"""What a conversation file may say, and everything that is wrong in a set of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from core.agents import Scenario
from localdev.evaluate.words import pattern_mistake
from localdev.stack.layout import CALLER_NUMBER
from registries import CatalogError, Mistake, list_scenarios, load_scenario
from registries.mistakes import did_you_mean
from registries.yaml_files import Shape, read_mapping, shaped_without_mistakes

BEST = 5  # what a judge gives at most
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class ToolShape(Shape):
    """A tool that is used. `arguments`: those that matter; a secret one matches any value."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    ok: bool | None = None


class ExpectShape(Shape):
    """What one turn must and must not come to. `tools`: in this order, others may come between.

    An empty list of tools means that none is used. `max_ms`: until the answer's first words.
    """

    tools: tuple[Annotated[ToolShape, BeforeValidator(_named)], ...] | None = None
    must_not_use: tuple[str, ...] = ()
    handoff: str | None = None
    agent: str | None = None
    say_any: tuple[Words, ...] = ()
    must_say: tuple[Words, ...] = ()
    must_not_say: tuple[Words, ...] = ()
    max_ms: float | None = Field(default=None, gt=0)


class TurnShape(Shape):
    """What the caller says, or the keys he presses, and what is expected of the answer."""

    say: Words | None = None
    press: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")] | None = None
    expect: ExpectShape = ExpectShape()

    @property
    def line(self) -> str:
        """The caller's part, for people."""
        return self.say or (f"(presses {self.press})" if self.press else "")


class EndShape(Shape):
    """How the conversation is left. `target`: the desk that a transfer goes to."""

    ended: Literal["hang_up", "transfer", "open"] | None = None
    target: str | None = None
    agent: str | None = None


class SimulatedShape(Shape):
    """A caller whom a model plays. `knows`: what he may tell, such as his name and digits."""

    goal: Words
    temperament: str = "friendly and patient"
    knows: tuple[Words, ...] = ()
    max_turns: int = Field(default=12, ge=1, le=40)


def _asked(value: Any) -> Any:
    return {"criterion": value} if isinstance(value, str) else value


class CriterionShape(Shape):
    """What a model decides: whether it is met, or by a score of 1 to 5 that must be `at_least`."""

    criterion: Words
    at_least: int | None = Field(default=None, ge=2, le=BEST)


class ConversationShape(Shape):
    """One conversation file: written turns, or a simulated caller.

    `overall`: of all turns together. `judge`: criteria that a model decides.
    """

    name: Words
    description: str = ""
    scenario: str = "banking"
    caller: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{6,15}$")] = CALLER_NUMBER
    greeting: ExpectShape = ExpectShape()
    turns: tuple[TurnShape, ...] = Field(default=(), max_length=100)
    simulate: SimulatedShape | None = None
    overall: ExpectShape = ExpectShape()
    judge: tuple[Annotated[CriterionShape, BeforeValidator(_asked)], ...] = Field(
        default=(), max_length=20
    )
    end: EndShape = EndShape()

    @property
    def needs_model(self) -> bool:
        """Whether the caller himself is a model."""
        return self.simulate is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A checked conversation, and the file it came from."""

    file: str
    shape: ConversationShape
    scenario: Scenario


def read_conversations(paths: Sequence[Path]) -> tuple[Conversation, ...]:
    """Read files, and folders of files. Raises CatalogError with every mistake in all of them."""
    mistakes: list[Mistake] = []
    found: dict[str, Conversation] = {}
    for file in _files(paths, mistakes):
        label = _label(file)
        content = read_mapping(file, label, mistakes)
        if content is None:
            continue
        given, wrong = {"name": file.stem, **content}, list[Mistake]()
        shape = shaped_without_mistakes(ConversationShape, given, label, wrong)
        mistakes += wrong
        if shape is None:
            continue
        if shape.name in found:
            reason = f"{shape.name!r} is already the name of {found[shape.name].file}"
            mistakes.append(Mistake(file=label, field="name", reason=reason))
        scenario = _scenario(shape, label, mistakes) if _is_named(content, wrong) else None
        mistakes += _beside(wrong, _mistakes(shape, scenario, label))
        if scenario is not None:
            found.setdefault(shape.name, Conversation(file=label, shape=shape, scenario=scenario))
    if mistakes:
        raise CatalogError(mistakes)
    return tuple(found.values())


def _is_named(content: Mapping[str, Any], wrong: Sequence[Mistake]) -> bool:
    """Whether it is sure which scenario is meant: `scenaro: travel` means not the usual one."""
    odd = {mistake.field for mistake in wrong if "." not in mistake.field}
    return "scenario" not in odd if "scenario" in content else not odd


def _beside(wrong: Sequence[Mistake], more: Iterable[Mistake]) -> Iterator[Mistake]:
    """Yield mistakes that do not come of fields that are wrong by themselves."""
    fields = [mistake.field for mistake in wrong]
    for mistake in more:
        if not any(f"{each}.".startswith(f"{mistake.field}.") for each in fields):
            yield mistake


def _files(paths: Sequence[Path], mistakes: list[Mistake]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        if not inside:
            mistakes.append(Mistake(file=_label(path), reason="holds no conversation (*.yaml)"))
        yield from inside


def _label(path: Path) -> str:
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _scenario(shape: ConversationShape, label: str, mistakes: list[Mistake]) -> Scenario | None:
    known = list_scenarios()
    if shape.scenario in known:
        return load_scenario(shape.scenario)
    reason = f"there is no scenario {shape.scenario!r}{did_you_mean(shape.scenario, known)}"
    mistakes.append(Mistake(file=label, field="scenario", reason=reason))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The names that a conversation may use."""

    agents: Sequence[str]
    tools: Sequence[str]
    targets: Sequence[str]


def _known(scenario: Scenario) -> _Known:
    return _Known(
        agents=[agent.name for agent in scenario.agents],
        tools=sorted({tool for agent in scenario.agents for tool in agent.tools}),
        targets=[target.name for target in scenario.transfer_targets],
    )


def _mistakes(shape: ConversationShape, scenario: Scenario | None, label: str) -> Iterator[Mistake]:
    """Yield what the shape alone does not show to be wrong; without a scenario, names are right."""
    known = _known(scenario) if scenario is not None else None
    if not shape.turns and shape.simulate is None:
        yield Mistake(file=label, field="turns", reason="nobody says anything")
    if shape.turns and shape.simulate is not None:
        reason = "a caller either has written turns or is simulated"
        yield Mistake(file=label, field="simulate", reason=reason)
    yield from _expected(shape.greeting, "greeting", known, label)
    yield from _expected(shape.overall, "overall", known, label)
    for at, turn in enumerate(shape.turns):
        if (turn.say is None) == (turn.press is None):
            reason = "the caller must either `say` or `press` something"
            yield Mistake(file=label, field=f"turns.{at}", reason=reason)
        yield from _expected(turn.expect, f"turns.{at}.expect", known, label)
    if known is not None:
        yield from _unknown([shape.end.agent], known.agents, "agent", label, "end.agent")
        targets = known.targets
        yield from _unknown([shape.end.target], targets, "transfer target", label, "end.target")


def _expected(
    expect: ExpectShape, field: str, known: _Known | None, label: str
) -> Iterator[Mistake]:
    if known is not None:
        used = [tool.name for tool in expect.tools or ()]
        yield from _unknown(used, known.tools, "tool", label, f"{field}.tools")
        yield from _unknown(
            expect.must_not_use, known.tools, "tool", label, f"{field}.must_not_use"
        )
        yield from _unknown([expect.handoff], known.agents, "agent", label, f"{field}.handoff")
        yield from _unknown([expect.agent], known.agents, "agent", label, f"{field}.agent")
    for name in ("say_any", "must_say", "must_not_say"):
        for words in getattr(expect, name):
            if reason := pattern_mistake(words):
                yield Mistake(file=label, field=f"{field}.{name}", reason=reason)
    for tool in expect.tools or ():
        for argument, value in tool.arguments.items():
            if isinstance(value, str) and (reason := pattern_mistake(value)):
                where = f"{field}.tools.{tool.name}.{argument}"
                yield Mistake(file=label, field=where, reason=reason)


def _unknown(
    names: Iterable[str | None], known: Sequence[str], what: str, label: str, field: str
) -> Iterator[Mistake]:
    for name in names:
        if name is not None and name not in known:
            reason = f"the scenario has no {what} {name!r}{did_you_mean(name, known)}"
            yield Mistake(file=label, field=field, reason=reason)
