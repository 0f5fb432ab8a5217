"""What the Durable engine keeps about orchestrations, activities and entities, as types."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The task of another orchestration that waits for this one."""

    instance: str
    execution: str
    task: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One orchestration; `input`, `output`, `custom_status` are JSON text, times Unix seconds."""

    id: str
    execution: str
    name: str
    version: str | None
    status: str
    input: str | None
    output: str | None
    custom_status: str | None
    created: float
    updated: float
    parent: Parent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One activity that must run; `input` is JSON text."""

    n: int
    instance: str
    execution: str
    task: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRow:
    """The state of an entity as JSON text."""

    id: str
    state: str | None
    updated: float


def instance_of(row: tuple[object, ...]) -> Instance:
    """A row of the table of instances."""
    *fields, parent, parent_execution, parent_task = row
    names = (
        *("id", "execution", "name", "version", "status", "input", "output"),
        *("custom_status", "created", "updated"),
    )
    waiting = None
    if isinstance(parent, str):
        waiting = Parent(
            instance=parent,
            execution=str(parent_execution),
            task=int(parent_task),  # type: ignore[call-overload]
        )
    return Instance(**dict(zip(names, fields, strict=True)), parent=waiting)  # type: ignore[arg-type]
