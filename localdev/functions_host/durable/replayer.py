"""Which event id belongs to which action: the Durable extension's side of a replay.

The SDK answers every turn with the list of all its actions and no ids. The extension runs that
list against the history, one top-level action after the other, and gives out ids in the order in
which things get scheduled; SDK and extension must count alike or the wrong task is completed. Hence
this module keeps the extension's rules, also where they surprise:

- the next top-level action is looked at only when the one before is complete;
- a retried call takes an id for each attempt and one for each pause, the pause after the last too;
- a canceled timer takes its id and counts as complete from the start;
- an event without a waiter is kept for the next one; of several waiters the newest is served;
- a task that was yielded before is missing from a later WhenAny or WhenAll, so that one completes
  here only with its new members, and holds up everything after it until then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from .actions import (
    Action,
    CallActivity,
    CallSubOrchestrator,
    ContinueAsNew,
    CreateTimer,
    OperateEntity,
    RetryDelay,
    Scheduling,
    WaitForEvent,
    WhenAll,
    WhenAny,
)
from .history import SCHEDULING, Event, EventType

SOON_S = 10.0
"""A wait of an orchestrator that is not heard meanwhile is worth no warning up to this."""


@dataclass(slots=True, eq=False)
class _Node:
    action: Action
    parent: "_Node | None" = None
    done: bool = False
    attempts: int = 1
    children: "list[_Node]" = field(default_factory=list)


@dataclass(slots=True)
class Replay:
    """Feed the history in order; `scheduled` then maps every id given out to its action."""

    actions: tuple[Action, ...]
    scheduled: dict[int, Scheduling] = field(default_factory=dict)
    _position: int = 0
    _current: _Node | None = None
    _open: dict[int | str, list[_Node]] = field(default_factory=dict)
    _early: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._advance()

    @property
    def caught_up(self) -> bool:
        """All actions are complete; only then does the end of the orchestrator's code count."""
        begun = self._position == len(self.actions)
        return begun and (self._current is None or self._current.done)

    def stalled_on(self, now: float) -> list[Action]:
        """What must end before the orchestrator is heard again, unless something of it soon will.

        Its code has gone on although an action before is not complete; that is harmless while
        something runs that completes it, and deafness while only events or late timers could.
        """
        if self._position == len(self.actions) or self._current is None:
            return []
        awaited = list(_awaited(self._current))
        return [] if any(_ends_soon(action, now) for action in awaited) else awaited

    def feed(self, event: Event) -> None:
        """Take one history event in."""
        match kind := EventType(event["EventType"]):
            case EventType.EVENT_SENT:
                self._name_entity_call(event)
            case EventType.EVENT_RAISED:
                self._complete(event["Name"], kind)
            case EventType.TIMER_FIRED:
                self._complete(event["TimerId"], kind)
            case (
                EventType.TASK_COMPLETED
                | EventType.TASK_FAILED
                | EventType.SUB_COMPLETED
                | EventType.SUB_FAILED
            ):
                self._complete(event["TaskScheduledId"], kind)
            case _:
                pass

    def _advance(self) -> None:
        while self._position < len(self.actions):
            if self._current is not None and not self._current.done:
                return
            self._current = self._begin(self.actions[self._position], None)
            self._position += 1

    def _begin(self, action: Action, parent: _Node | None) -> _Node:
        node = _Node(action, parent)
        match action:
            case WhenAny(of=of) | WhenAll(of=of):
                node.children = [self._begin(child, node) for child in of]
                node.done = not of
                self._settle(node)
            case WaitForEvent(name=name):
                self._wait(node, name)
            case ContinueAsNew():
                node.done = True
            case OperateEntity(signal=True):
                self._allot(node, action)
                node.done = True
            case CreateTimer(canceled=canceled):
                self._allot(node, action)
                node.done = canceled
            case CallActivity() | CallSubOrchestrator() | OperateEntity() | RetryDelay():
                self._allot(node, action)
        return node

    def _wait(self, node: _Node, name: str) -> None:
        if self._early.get(name):
            self._early[name] -= 1
            node.done = True
        else:
            self._open.setdefault(name, []).append(node)

    def _allot(self, node: _Node, action: Scheduling) -> None:
        number = len(self.scheduled)
        self.scheduled[number] = action
        self._open[number] = [node]

    def _name_entity_call(self, event: Event) -> None:
        """The answer to an entity call comes as an event named by the request's id."""
        match self.scheduled.get(event["EventId"]):
            case OperateEntity(signal=False) if event["EventId"] in self._open:
                request = orjson.loads(event["Input"])
                self._open[request["id"]] = self._open.pop(event["EventId"])

    def _complete(self, key: int | str, kind: EventType) -> None:
        waiters = self._open.get(key)
        if not waiters:
            if kind is EventType.EVENT_RAISED:
                self._early[str(key)] = self._early.get(str(key), 0) + 1
            return
        node = waiters.pop()
        if not waiters:
            del self._open[key]
        if self._tries_again(node, kind):
            return
        node.done = True
        self._settle(node.parent)
        self._advance()

    def _tries_again(self, node: _Node, kind: EventType) -> bool:
        match node.action:
            case CallActivity(retry=retry) | CallSubOrchestrator(retry=retry) if retry:
                pass
            case _:
                return False
        if kind in (EventType.TASK_FAILED, EventType.SUB_FAILED):
            self._allot(node, RetryDelay(interval_ms=retry.interval_ms))
            return True
        if kind is EventType.TIMER_FIRED and node.attempts < retry.attempts:
            node.attempts += 1
            self._allot(node, node.action)
            return True
        return False

    def _settle(self, node: _Node | None) -> None:
        """Carry completion up from a child to the compounds around it."""
        while node is not None:
            states = [child.done for child in node.children]
            match node.action:
                case WhenAny():
                    node.done = node.done or any(states)
                case _:
                    node.done = node.done or all(states)
            if not node.done:
                return
            node = node.parent


def _awaited(node: _Node) -> Iterator[Action]:
    if node.done:
        return
    if not node.children:
        yield node.action
    for child in node.children:
        yield from _awaited(child)


def _ends_soon(action: Action, now: float) -> bool:
    match action:
        case CallActivity() | CallSubOrchestrator() | OperateEntity():
            return True
        case CreateTimer(fire_at=fire_at):
            return fire_at <= now + SOON_S
        case _:
            return False


def replay(actions: tuple[Action, ...], history: list[Event]) -> Replay:
    """Every event id that the execution has given out so far, and how far it has come."""
    state = Replay(actions)
    for event in history:
        state.feed(event)
    return state


def disagreement(past: list[Event], scheduled: dict[int, Scheduling]) -> str | None:
    """Why the recorded past cannot have come from these actions, or None."""
    for event in past:
        if event["EventType"] not in SCHEDULING:
            continue
        action = scheduled.get(event["EventId"])
        if not _agrees(event, action):
            return (
                "Non-Deterministic workflow detected: the history has event "
                f"{event['EventId']} ({EventType(event['EventType']).name} "
                f"{event.get('Name', '')}) where the orchestrator now has "
                f"{describe(action)}. The orchestrator's code has changed, or depends on "
                "something that differs between replays."
            )
    return None


def _agrees(event: Event, action: Scheduling | None) -> bool:
    match event["EventType"], action:
        case EventType.TASK_SCHEDULED, CallActivity(name=name):
            return bool(event["Name"] == name)
        case EventType.SUB_CREATED, CallSubOrchestrator(name=name):
            return bool(event["Name"] == name)
        case EventType.TIMER_CREATED, CreateTimer() | RetryDelay():
            return True
        case EventType.EVENT_SENT, OperateEntity(entity=entity):
            return bool(event["InstanceId"] == entity)
        case _:
            return False


def describe(action: Action | None) -> str:
    if action is None:
        return "nothing"
    name = getattr(action, "name", getattr(action, "entity", ""))
    return f"{type(action).__name__} {name}".strip()
