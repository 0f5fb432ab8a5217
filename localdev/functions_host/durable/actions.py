"""What an orchestrator asks for in one turn: the actions of the SDK's reply, as types."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .history import seconds_of

# What follows this mark in the message of a failed orchestrator is its ordinary reply.
OUT_OF_PROC_MARK = "\n\n$OutOfProcData$:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Fixed-interval retry, the only kind SDK 1.x sends."""

    interval_ms: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActivity:
    name: str
    input: str | None
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSubOrchestrator:
    name: str
    input: str | None
    instance: str | None = None
    version: str | None = None
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTimer:
    fire_at: float
    canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDelay:
    """The timer between two attempts; the SDK never sends it, replaying finds it."""

    interval_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForEvent:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperateEntity:
    """A call (the orchestrator waits for the answer) or a signal."""

    entity: str
    operation: str
    input: str | None
    signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueAsNew:
    input: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAny:
    of: "tuple[Action, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenAll:
    of: "tuple[Action, ...]"


type Scheduling = CallActivity | CallSubOrchestrator | CreateTimer | RetryDelay | OperateEntity
type Action = Scheduling | WaitForEvent | ContinueAsNew | WhenAny | WhenAll


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One turn's answer: *all* actions of the execution so far, and how it stands.

    `output` and `custom_status` are JSON text; `custom_status` is None when it was not set.
    """

    done: bool
    actions: tuple[Action, ...] = ()
    output: str | None = None
    custom_status: str | None = None
    error: str | None = None


class UnsupportedAction(Exception):
    """The orchestrator asked for something that this host does not do."""


def parse_reply(text: str) -> Reply:
    """The JSON that the SDK answers with. Raises `UnsupportedAction`."""
    state = orjson.loads(text)
    custom = state.get("customStatus")
    return Reply(
        done=bool(state.get("isDone")),
        actions=tuple(_action(a) for a in (state.get("actions") or [[]])[0]),
        output=orjson.dumps(state.get("output")).decode(),
        custom_status=None if custom is None else orjson.dumps(custom).decode(),
        error=state.get("error"),
    )


def parse_failure(message: str) -> Reply:
    """The reply inside the message of a failed orchestrator, or one that only tells the error."""
    _, mark, state = message.partition(OUT_OF_PROC_MARK)
    return parse_reply(state) if mark else Reply(done=False, error=message)


def _action(a: Mapping[str, Any]) -> Action:
    match a["actionType"]:
        case 0 | 1:
            return CallActivity(name=a["functionName"], input=a.get("input"), retry=_retry(a))
        case 2 | 3:
            return CallSubOrchestrator(
                name=a["functionName"],
                input=a.get("input"),
                instance=a.get("instanceId"),
                version=a.get("version"),
                retry=_retry(a),
            )
        case 4:
            return ContinueAsNew(input=a.get("input"))
        case 5:
            return CreateTimer(fire_at=seconds_of(a["fireAt"]), canceled=bool(a.get("isCanceled")))
        case 6:
            return WaitForEvent(name=a["externalEventName"])
        case 7 | 9:
            return OperateEntity(
                entity=a["instanceId"],
                operation=a["operation"],
                input=a.get("input"),
                signal=a["actionType"] == 9,
            )
        case 11:
            return WhenAny(of=tuple(_action(x) for x in a["compoundActions"]))
        case 12:
            return WhenAll(of=tuple(_action(x) for x in a["compoundActions"]))
        case other:
            raise UnsupportedAction(f"the local development host has no action {other}")


def _retry(a: Mapping[str, Any]) -> Retry | None:
    options = a.get("retryOptions")
    if options is None:
        return None
    return Retry(
        interval_ms=options["firstRetryIntervalInMilliseconds"],
        attempts=options["maxNumberOfAttempts"],
    )
