"""How a YAML file becomes a checked shape, with every mistake told by file and field."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from registries.mistakes import Mistake, did_you_mean

MAX_FILE_BYTES = 256 * 1024
# What pydantic says in Python's words.
_IN_YAML = {
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping of fields",
    "model_type": "must be a mapping of fields",
    "string_type": "must be text, in quotes if it looks like something else",
}


class Shape(BaseModel):
    """A part of a file. Unknown fields are mistakes, so that a typo is never silently a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: Any) -> Any:
        """Take `greeting:` with nothing behind it as a field that is not there."""
        if not isinstance(given, dict):
            return given
        return {k: v for k, v in given.items() if v is not None or k not in cls.model_fields}


class _Loader(yaml.SafeLoader):
    """Plain YAML that refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} is written twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_text(path: Path, label: str, mistakes: list[Mistake]) -> str | None:
    """Read a bounded UTF-8 file, or say why not."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            mistakes.append(Mistake(file=label, reason="is larger than 256 KiB"))
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        mistakes.append(Mistake(file=label, reason=f"can not be read ({type(problem).__name__})"))
        return None


def read_mapping(path: Path, label: str, mistakes: list[Mistake]) -> dict[str, Any] | None:
    """Read one YAML mapping, or add what is wrong with it (with its line)."""
    text = read_text(path, label, mistakes)
    if text is None:
        return None
    try:
        content = yaml.load(text, _Loader)  # noqa: S506, a SafeLoader
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        mistakes.append(Mistake(file=label, field=f"line {line}", reason=str(problem.problem)))
        return None
    except yaml.YAMLError as problem:
        mistakes.append(Mistake(file=label, reason=f"is not YAML ({problem})"))
        return None
    if not isinstance(content, dict):
        mistakes.append(Mistake(file=label, reason="must be a mapping of fields"))
        return None
    return content


def shaped[S: Shape](
    shape: type[S], content: Mapping[str, Any], label: str, mistakes: list[Mistake]
) -> S | None:
    """Check a mapping against its shape, or add one mistake per wrong field."""
    try:
        return shape.model_validate(content)
    except ValidationError as problem:
        mistakes += _told(problem, shape, label)
        return None


def shaped_without_mistakes[S: Shape](
    shape: type[S], content: Mapping[str, Any], label: str, mistakes: list[Mistake]
) -> S | None:
    """Check a mapping as `shaped` does, but return what is left of it without its wrong fields.

    So more can be checked. None if nothing sensible is left.
    """
    left, first = deepcopy(dict(content)), True
    while True:
        try:
            return shape.model_validate(left)
        except ValidationError as problem:
            if first:  # what comes of leaving fields out is no mistake of the file's
                mistakes += _told(problem, shape, label)
            first = False
            wrong = {_place(left, error["loc"]) for error in problem.errors()}
            if () in wrong:
                return None
            for place in sorted(wrong, key=len, reverse=True):
                _leave_out(left, place)


def _place(content: Any, path: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return where the innermost field of a path is that is there; a list is one field."""
    place: tuple[str | int, ...] = ()
    for n, part in enumerate(path, 1):
        if isinstance(content, dict) and part in content:
            content, place = content[part], tuple(path[:n])
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            break
    return place


def _leave_out(content: Any, place: Sequence[str | int]) -> None:
    for part in place[:-1]:
        content = content[part]
    del content[place[-1]]


def _told(problem: ValidationError, shape: type[Shape], label: str) -> Iterator[Mistake]:
    known = _field_names(shape)
    for error in problem.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in error["loc"])
        reason = _IN_YAML.get(error["type"]) or error["msg"][:1].lower() + error["msg"][1:]
        if error["type"] == "extra_forbidden":
            reason = "unknown field" + did_you_mean(str(error["loc"][-1]), known)
        yield Mistake(file=label, field=field, reason=reason)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, mapping by mapping; lists and values are replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = merged(below, value) if both else value  # type: ignore[arg-type]
    return result


def _field_names(shape: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in shape.model_fields.items():
        names |= {field.alias or name}
        for part in _parts(field.annotation):
            if isinstance(part, type) and issubclass(part, Shape):
                names |= _field_names(part)
    return names


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield an annotation and all that it is made of, such as the items of a list."""
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
