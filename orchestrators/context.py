"""The part of the Durable context that our orchestrators use, typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol


class Task(Protocol):
    """Work that an orchestration waits for. A failure is a result that is an Exception."""

    @property
    def result(self) -> Any: ...


class Timer(Task, Protocol):
    """A wait that can be called off; one that is left open keeps its orchestration from ending."""

    def cancel(self) -> None: ...


class Context(Protocol):
    """What every orchestrator gets; the same calls in the same order at every replay."""

    @property
    def instance_id(self) -> str: ...

    @property
    def current_utc_datetime(self) -> datetime: ...

    def get_input(self) -> Any: ...

    def set_custom_status(self, status: Any) -> None: ...

    def call_activity(self, name: str, input_: Any) -> Task: ...

    def wait_for_external_event(self, name: str) -> Task: ...

    def create_timer(self, fire_at: datetime) -> Timer: ...

    def task_any(self, activities: Sequence[Task]) -> Task: ...

    def continue_as_new(self, input_: Any) -> None: ...
