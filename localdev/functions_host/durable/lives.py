"""The life of an orchestration around its turns: created, begun anew, ended, told to its parent."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import orjson

from .actions import ContinueAsNew
from .clock import Clock
from .dispatch import Dispatch
from .functions import DurableFunctions, Kind, UnknownFunction
from .history import Event, EventType, event, execution_started
from .rows import Instance, Parent
from .store import Store

TERMINAL = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


class AlreadyRunning(Exception):
    """An orchestration with that id lives."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(
            f"An Orchestration instance with the status {instance.status} already exists."
        )


class Lives:
    """Writes the beginnings and ends of orchestrations."""

    def __init__(
        self,
        store: Store,
        dispatch: Dispatch,
        functions: DurableFunctions,
        clock: Clock,
        changed: Callable[[str], None],
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._functions = functions
        self._clock = clock
        self._changed = changed

    def create(
        self,
        name: str,
        *,
        instance: str,
        input_text: str | None,
        version: str | None = None,
        parent: Parent | None = None,
    ) -> None:
        """A new orchestration, in the place of one that has ended.

        Raises `UnknownFunction`, `AlreadyRunning`.
        """
        known = self._functions.names(Kind.ORCHESTRATOR)
        if name not in known:
            raise UnknownFunction(Kind.ORCHESTRATOR, name, known)
        now = self._clock()
        with self._store.transaction():
            old = self._store.instance(instance)
            if old is not None and old.status not in TERMINAL:
                raise AlreadyRunning(old)
            self._store.forget(instance)
            new = Instance(
                id=instance,
                execution=uuid.uuid4().hex,
                name=name,
                version=version,
                status="Pending",
                input=input_text,
                output=None,
                custom_status=None,
                created=now,
                updated=now,
                parent=parent,
            )
            self._begin(new)
        self._changed(instance)

    def continue_as_new(self, instance: Instance, action: ContinueAsNew) -> None:
        """A new execution; what the old one waited for or had not consumed is gone, as in 1.x."""
        self._store.clear_history(instance.id)
        self._store.drop_future(instance.id, instance.execution)
        input_text = orjson.dumps(action.input).decode()
        self._begin(replace(instance, execution=uuid.uuid4().hex, input=input_text))

    def finish(self, instance: Instance, status: str, output: str | None) -> None:
        self._store.save(replace(instance, status=status, output=output, updated=self._clock()))
        self._store.drop_future(instance.id, instance.execution)
        if instance.parent is None:
            return
        if status == "Completed":
            self.tell(instance.parent, EventType.SUB_COMPLETED, Result=output)
        else:
            why = orjson.loads(output) if output else status
            reason = f"The sub-orchestrator function '{instance.name}' failed: \"{why}\""
            self.tell(instance.parent, EventType.SUB_FAILED, Reason=reason, Details="")

    def tell(self, parent: Parent, kind: EventType, **fields: str | None) -> None:
        news = event(kind, self._clock(), TaskScheduledId=parent.task, **fields)
        self._dispatch.send(parent.instance, parent.execution, news)

    def _begin(self, instance: Instance) -> None:
        self._store.save(instance)
        parent = instance.parent
        started = execution_started(
            self._clock(),
            name=instance.name,
            version=instance.version,
            input_text=instance.input,
            instance=instance.id,
            execution=instance.execution,
            parent=None if parent is None else _parent(parent),
        )
        self._dispatch.send(instance.id, instance.execution, started)


def _parent(parent: Parent) -> Event:
    instance = {"InstanceId": parent.instance, "ExecutionId": parent.execution}
    return {"OrchestrationInstance": instance, "TaskScheduleId": parent.task}
