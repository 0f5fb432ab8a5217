"""What a scenario wants to know of every call, and whether a value is what it asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, assert_never

MAX_TEXT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractField:
    """One thing to find out. `choices`: the only texts it may be. Unknown is always allowed."""

    name: str
    type: Literal["text", "number", "boolean", "date"] = "text"
    description: str = ""
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Return the field as JSON schema, for a model to read."""
        told: dict[str, Any] = {"type": ["string", "null"]}
        match self.type:
            case "number" | "boolean":
                told["type"] = [self.type, "null"]
            case "date":
                told["format"] = "date"
            case "text":
                pass
            case _:
                assert_never(self.type)
        if self.choices:
            told["enum"] = [*self.choices, None]
        if self.description:
            told["description"] = self.description
        return told

    def complaint(self, value: object) -> str:
        """Say what is wrong with a value; nothing if it will do."""
        if value is None:
            return ""
        if self.choices:
            return "" if value in self.choices else f"must be null or one of {list(self.choices)}"
        match self.type:
            case "text":
                fits = isinstance(value, str) and len(value) <= MAX_TEXT
                return "" if fits else f"must be null or a text of at most {MAX_TEXT} characters"
            case "number":
                fits = isinstance(value, int | float) and not isinstance(value, bool)
                return "" if fits else "must be null or a number"
            case "boolean":
                return "" if isinstance(value, bool) else "must be null, true or false"
            case "date":
                return "" if _is_day(value) else "must be null or a day as YYYY-MM-DD"
            case _:
                assert_never(self.type)


def complaints(fields: Sequence[ExtractField], data: object) -> tuple[str, ...]:
    """Say everything that is wrong with an object of extracted values."""
    if not isinstance(data, Mapping):
        return ("data: must be an object",)
    known = {field.name for field in fields}
    found = [f"data.{name}: is not asked for" for name in data if name not in known]
    for field in fields:
        wrong = field.complaint(data.get(field.name))
        if wrong:
            found.append(f"data.{field.name}: {wrong}")
    return tuple(found)


def known_values(fields: Sequence[ExtractField], known: Mapping[str, Any]) -> dict[str, Any]:
    """Take what the call already knows under these very names; the rest is unknown."""
    return {
        field.name: None if field.complaint(known.get(field.name)) else known.get(field.name)
        for field in fields
    }


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
