"""The shape of orchestration history events, as the Durable Python SDK 1.x reads them.

Events are JSON objects with `EventType`, `EventId`, `IsPlayed`, `Timestamp` and their own fields;
the names are those of the Durable extension's out-of-process protocol, schema V3.
"""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

type Event = dict[str, Any]


class EventType(IntEnum):
    """Numbers of `HistoryEventType` in the Durable Task Framework."""

    EXECUTION_STARTED = 0
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    SUB_CREATED = 7
    SUB_COMPLETED = 8
    SUB_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


SCHEDULING = frozenset(
    {
        EventType.TASK_SCHEDULED,
        EventType.SUB_CREATED,
        EventType.TIMER_CREATED,
        EventType.EVENT_SENT,
    }
)


def iso(seconds: float) -> str:
    """Unix seconds as fixed-width UTC text, so that text order is time order."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Unix seconds of an ISO 8601 text; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def event(kind: EventType, at: float, event_id: int = -1, /, **fields: Any) -> Event:
    """A new event; only events that schedule something carry an id of their own."""
    return {
        "EventType": int(kind),
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": iso(at),
        **fields,
    }


def execution_started(
    at: float,
    *,
    name: str,
    version: str | None,
    input_text: str | None,
    instance: str,
    execution: str,
    parent: Event | None,
) -> Event:
    """The first event of an execution; `Version` must be present, even when it is empty."""
    return event(
        EventType.EXECUTION_STARTED,
        at,
        Name=name,
        Version=version or "",
        Input=input_text,
        Tags=None,
        OrchestrationInstance={"InstanceId": instance, "ExecutionId": execution},
        ParentInstance=parent,
    )
