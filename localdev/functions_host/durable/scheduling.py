"""What an action does when it is new: the event in the history, and the work that it sets off."""

import uuid

import orjson

from .actions import (
    CallActivity,
    CallSubOrchestrator,
    CreateTimer,
    OperateEntity,
    RetryDelay,
    Scheduling,
)
from .dispatch import Dispatch
from .functions import UnknownFunction
from .history import SCHEDULING, Event, EventType, event, iso
from .lives import AlreadyRunning, Lives
from .rows import Instance, Parent
from .store import Store


class Scheduler:
    """Schedules the new actions of a turn, inside the turn's transaction."""

    def __init__(self, store: Store, dispatch: Dispatch, lives: Lives) -> None:
        self._store = store
        self._dispatch = dispatch
        self._lives = lives

    def schedule(
        self, instance: Instance, past: list[Event], scheduled: dict[int, Scheduling], now: float
    ) -> list[Event]:
        known = {e["EventId"] for e in past if e["EventType"] in SCHEDULING}
        added = []
        for number, action in scheduled.items():
            if number not in known:
                added.append(self._one(instance, number, action, now))
            elif isinstance(action, CreateTimer) and action.canceled:
                self._store.drop_timer(instance.id, instance.execution, number)
        return added

    def _one(self, instance: Instance, number: int, action: Scheduling, now: float) -> Event:
        match action:
            case CallActivity(name=name, input=input_text):
                self._dispatch.schedule_activity(
                    instance.id, instance.execution, number, name, input_text
                )
                return event(
                    EventType.TASK_SCHEDULED,
                    now,
                    number,
                    Name=name,
                    Version="",
                    Input=input_text,
                )
            case CreateTimer(fire_at=fire_at, canceled=canceled):
                return self._timer(instance, number, fire_at, now, canceled=canceled)
            case RetryDelay(interval_ms=interval):
                return self._timer(instance, number, now + interval / 1000, now)
            case CallSubOrchestrator():
                return self._child(instance, number, action, now)
            case OperateEntity():
                return self._operation(instance, number, action, now)

    def _timer(
        self, instance: Instance, number: int, fire_at: float, now: float, *, canceled: bool = False
    ) -> Event:
        at = iso(fire_at)
        if not canceled:
            fired = event(EventType.TIMER_FIRED, max(fire_at, now), TimerId=number, FireAt=at)
            self._dispatch.send(instance.id, instance.execution, fired, due=fire_at)
        return event(EventType.TIMER_CREATED, now, number, FireAt=at)

    def _child(
        self, instance: Instance, number: int, action: CallSubOrchestrator, now: float
    ) -> Event:
        child = action.instance or f"{instance.execution}:{number}"
        input_text = orjson.dumps(action.input).decode()
        parent = Parent(instance=instance.id, execution=instance.execution, task=number)
        try:
            self._lives.create(
                action.name,
                instance=child,
                input_text=input_text,
                version=action.version,
                parent=parent,
            )
        except (UnknownFunction, AlreadyRunning) as error:
            self._lives.tell(parent, EventType.SUB_FAILED, Reason=str(error), Details="")
        return event(
            EventType.SUB_CREATED,
            now,
            number,
            Name=action.name,
            InstanceId=child,
            Input=input_text,
        )

    def _operation(
        self, instance: Instance, number: int, action: OperateEntity, now: float
    ) -> Event:
        request = {
            "op": action.operation,
            "input": orjson.dumps(action.input).decode(),
            "id": str(uuid.uuid4()),
            "signal": action.signal,
            "parent": instance.id,
            "parentExecution": instance.execution,
        }
        self._dispatch.request(action.entity, request)
        return event(
            EventType.EVENT_SENT,
            now,
            number,
            InstanceId=action.entity,
            Name="op",
            Input=orjson.dumps(request).decode(),
        )
