"""How Azure Communication Services spells what happens to a call, and which fact each event is.

Shapes: CloudEvents of Call Automation 2026-03-12 and the IncomingCall event of Event Grid. The
event *type* decides; a failure may carry code 200. Unknown types are facts without meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import facts as f
from core.promises import request_of

PREFIX = "Microsoft.Communication."
INCOMING_CALL = PREFIX + "IncomingCall"
MAX_EVENTS = 100
MAX_ID = 200

# What changes nothing for a call of ours; any other type is of a later version, and counted.
KNOWN = frozenset(
    {
        "PlayStarted",
        "HoldFailed",
        "ContinuousDtmfRecognitionToneFailed",
        "ContinuousDtmfRecognitionStopped",
        "SendDtmfTonesCompleted",
        "SendDtmfTonesFailed",
        "RemoveParticipantSucceeded",
        "RemoveParticipantFailed",
        "CancelAddParticipantSucceeded",
        "CancelAddParticipantFailed",
        "MoveParticipantSucceeded",
        "MoveParticipantFailed",
        "TranscriptionStarted",
        "TranscriptionStopped",
        "TranscriptionUpdated",
        "TranscriptionFailed",
    }
)

# Names that may name a scenario in the custom context of an incoming call.
SCENARIO_HEADERS = ("scenario", "x-ms-custom-scenario")


class Garbled(ValueError):
    """A body that is not what the carrier sends. The message holds no part of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEvent:
    """One callback: `id` is the same on every delivery, `connection_id` names the leg.

    An event of a recording may name none, nor need one of a kind that nobody knows.
    """

    id: str
    connection_id: str
    fact: f.LifeFact


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """A phone that rings. `offer` is a bearer capability to answer it: never logged or kept."""

    correlation_id: str
    caller: str
    called: str
    called_raw_id: str
    offer: str = field(repr=False)
    scenario: str = ""


def parse_callbacks(body: bytes) -> tuple[CarrierEvent, ...]:
    """Read the body of a callback: an array of CloudEvents, or one. Raises `Garbled`."""
    try:
        parsed = json.loads(body)
    except ValueError as error:  # also RecursionError's cousin: bad UTF-8
        raise Garbled("the body is not JSON") from error
    except RecursionError as error:
        raise Garbled("the body is nested too deeply") from error
    events = parsed if isinstance(parsed, list) else [parsed]
    if not events or len(events) > MAX_EVENTS:
        raise Garbled(f"expected 1 to {MAX_EVENTS} events")
    return tuple(_callback(_mapping(event)) for event in events)


def parse_incoming_call(data: object) -> IncomingCall:
    """Read the `data` of an IncomingCall event. Raises `Garbled`."""
    data = _mapping(data)
    called = _mapping(data.get("to"))
    return IncomingCall(
        correlation_id=_text(data, "correlationId"),
        caller=_address(_mapping(data.get("from"))),
        called=_address(called),
        called_raw_id=_text(called, "rawId"),
        offer=_text(data, "incomingCallContext", limit=65_536),
        scenario=_wanted_scenario(data.get("customContext")),
    )


def _callback(event: Mapping[str, Any]) -> CarrierEvent:
    data = _mapping(event.get("data"))
    name = _text(event, "type")
    fact = _fact(name, data)
    return CarrierEvent(id=_text(event, "id"), connection_id=_leg(name, fact, data), fact=fact)


def _leg(event_type: str, fact: f.LifeFact, data: Mapping[str, Any]) -> str:
    """Return the leg an event is about. A recording belongs to the call, not to one leg of it.

    What a later version tells may be of no leg either: it is counted, not refused.
    """
    unknown = isinstance(fact, f.OtherEvent) and not fact.known
    if ("Recording" in event_type or unknown) and "callConnectionId" not in data:
        return ""
    return _text(data, "callConnectionId")


def _fact(event_type: str, data: Mapping[str, Any]) -> f.LifeFact:  # noqa: C901, PLR0912 one row per event
    code, sub_code = _result(data)
    match event_type.removeprefix(PREFIX):
        case "CallConnected":
            return f.Connected(connection_id=_text(data, "callConnectionId"))
        case "CallDisconnected":
            return f.Disconnected(code=code, sub_code=sub_code)
        case "AnswerFailed" | "CreateCallFailed" | "ConnectFailed":
            return f.ConnectFailed(code=code, sub_code=sub_code)
        case "ParticipantsUpdated":
            people = data.get("participants")
            return f.ParticipantsChanged(count=len(people) if isinstance(people, list) else 0)
        case "MediaStreamingStarted":
            return f.MediaStarted()
        case "MediaStreamingStopped":
            return f.MediaStopped()
        case "MediaStreamingFailed":
            return f.MediaFailed(code=code, sub_code=sub_code)
        case "CallTransferAccepted":
            return f.TransferAccepted(request_id=request_of(_context(data)))
        case "CallTransferFailed":
            return f.TransferFailed(
                request_id=request_of(_context(data)), code=code, sub_code=sub_code
            )
        case "AddParticipantSucceeded":
            return f.PersonJoined(request_id=request_of(_context(data)))
        case "AddParticipantFailed":
            return f.PersonRefused(
                request_id=request_of(_context(data)), code=code, sub_code=sub_code
            )
        case "PlayCompleted":
            return f.PromptPlayed(ok=True, context=_context(data))
        case "PlayFailed" | "PlayCanceled":
            return f.PromptPlayed(ok=False, context=_context(data))
        case "RecordingStateChanged":
            active = str(data.get("state")).casefold() == "active"
            return f.RecordingChanged(state="active" if active else "inactive")
        case "StartRecordingFailed":
            return f.RecordingChanged(state="failed")
        case "RecognizeCompleted":
            return f.Recognised(ok=True, context=_context(data))
        case "RecognizeFailed" | "RecognizeCanceled":
            return f.Recognised(ok=False, context=_context(data))
        case "ContinuousDtmfRecognitionToneReceived":
            sequence = data.get("sequenceId")
            return f.ToneHeard(sequence=sequence if isinstance(sequence, int) else 0)
        case other:
            name = re.sub(r"[^A-Za-z0-9.]", "", other)[:80]
            return f.OtherEvent(type=name, known=other in KNOWN)


def _result(data: Mapping[str, Any]) -> tuple[int, int]:
    result = data.get("resultInformation")
    if not isinstance(result, Mapping):
        return 0, 0  # old API versions have none
    code, sub_code = result.get("code"), result.get("subCode")
    return (
        code if isinstance(code, int) else 0,
        sub_code if isinstance(sub_code, int) else 0,
    )


def _context(data: Mapping[str, Any]) -> str:
    context = data.get("operationContext")
    return context[:MAX_ID] if isinstance(context, str) else ""


def _address(identifier: Mapping[str, Any]) -> str:
    number = identifier.get("phoneNumber")
    if isinstance(number, Mapping) and isinstance(number.get("value"), str):
        return _text(number, "value")
    return _text(identifier, "rawId")


def _wanted_scenario(context: object) -> str:
    if not isinstance(context, Mapping):
        return ""
    for headers in (context.get("voipHeaders"), context.get("sipHeaders")):
        if not isinstance(headers, Mapping):
            continue
        for name, value in headers.items():
            if str(name).casefold() in SCENARIO_HEADERS and isinstance(value, str):
                return value[:MAX_ID]
    return ""


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Garbled("expected an object")
    return value


def _text(values: Mapping[str, Any], name: str, limit: int = MAX_ID) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise Garbled(f"`{name}` must be a text of at most {limit} characters")
    return value
