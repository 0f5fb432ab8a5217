"""How an orchestration is shown to clients of the management API."""

from typing import Any

import orjson

from .history import Event, EventType, iso
from .rows import Instance

_HIDDEN = frozenset(
    {
        EventType.ORCHESTRATOR_STARTED,
        EventType.ORCHESTRATOR_COMPLETED,
        EventType.TASK_SCHEDULED,
        EventType.SUB_CREATED,
        EventType.TIMER_CREATED,
    }
)
_NAMES = {
    EventType.SUB_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.SUB_FAILED: "SubOrchestrationInstanceFailed",
}


def status(instance: Instance, *, show_input: bool = True) -> dict[str, Any]:
    """The body of a status query; times have whole seconds."""
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": _decoded(instance.input) if show_input else None,
        "customStatus": _decoded(instance.custom_status),
        "output": _decoded(instance.output),
        "createdTime": _second(instance.created),
        "lastUpdatedTime": _second(instance.updated),
    }


def history(events: list[Event], *, show_output: bool, show_input: bool) -> list[dict[str, Any]]:
    """The events that matter to people: what was scheduled is told with how it ended."""
    scheduled = {e["EventId"]: e for e in events if e["EventId"] >= 0}
    shown = []
    for e in events:
        kind = EventType(e["EventType"])
        if kind in _HIDDEN:
            continue
        entry: dict[str, Any] = {"EventType": _name(kind), "Timestamp": e["Timestamp"]}
        cause = scheduled.get(e.get("TaskScheduledId", -1))
        if cause is not None:
            entry |= {"FunctionName": cause["Name"], "ScheduledTime": cause["Timestamp"]}
        if kind is EventType.EXECUTION_STARTED:
            entry["FunctionName"] = e["Name"]
        entry |= {k: e[k] for k in ("Name", "FireAt", "Reason") if k in e and k not in entry}
        if show_output and "Result" in e:
            entry["Result"] = _decoded(e["Result"])
        if show_input and "Input" in e:
            entry["Input"] = _decoded(e["Input"])
        shown.append(entry)
    return shown


def _name(kind: EventType) -> str:
    return _NAMES.get(kind) or kind.name.title().replace("_", "")


def _second(moment: float) -> str:
    return iso(moment)[:19] + "Z"


def _decoded(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
