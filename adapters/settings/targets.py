"""The setting TRANSFER_TARGETS: names, and for each an address or an object that says more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from adapters.settings.values import NAME, Wrong, pairs
from core.destinations import Destination, mistakes

MAX_TARGETS = 100


class _Shape(BaseModel):
    """One target as it is written. Fields are those of `Destination`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to: str
    kind: Literal["cold", "warm"] = "cold"
    seconds: float | None = None
    announcement: str = ""
    headers: dict[str, str] | None = None


def _targets(value: object) -> dict[str, Destination]:
    """Read every target. Raises `Wrong` with all mistakes, as `name.field: reason`."""
    if isinstance(value, Mapping):
        return dict(value)  # the default
    found: dict[str, Destination] = {}
    wrong: list[str] = []
    for name, written in _written(str(value)).items():
        if not NAME.fullmatch(name):
            wrong.append(f"{name[:64]!r}: use letters, digits, `_` and `-` for names")
            continue
        reasons, destination = _read(name, written)
        wrong += [f"{name}.{reason}" for reason in reasons]
        if destination is not None:
            found[name] = destination
    if len(found) > MAX_TARGETS:
        wrong.append(f"at most {MAX_TARGETS} targets")
    if wrong:
        raise Wrong("; ".join(wrong), "See docs/people.md.")
    return found


def _written(value: str) -> dict[str, Any]:
    if not value.lstrip().startswith("{"):
        return dict(pairs(value))
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise Wrong("is not a JSON object", 'Write {"desk": "+15550150"}.')
    return parsed


def _read(name: str, written: object) -> tuple[list[str], Destination | None]:
    if isinstance(written, str):
        written = {"to": written}
    if not isinstance(written, dict):
        return ["to: must be an address, or an object with one"], None
    try:
        shape = _Shape.model_validate(written)
    except ValidationError as error:
        each = error.errors(include_input=False, include_url=False)
        return [f"{_field(one['loc'])}: {one['msg']}" for one in each], None
    destination = Destination(
        name=name,
        address=shape.to.strip(),
        kind=shape.kind,
        seconds=shape.seconds,
        announcement=shape.announcement.strip(),
        headers=shape.headers or {},
    )
    return mistakes(destination), destination


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "to"


Targets = Annotated[dict[str, Destination], BeforeValidator(_targets)]
