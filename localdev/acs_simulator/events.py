"""The events of the service as JSON, in the shape recorded from it (version 2026-03-12)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from localdev.acs_simulator.happenings import Raise
from localdev.acs_simulator.settings import GridSchema

API_VERSION = "2026-03-12"
_PREFIX = "Microsoft.Communication."


def identifier(value: str) -> dict[str, Any]:
    """Return a phone number or a raw id as the service writes it, with `kind`."""
    raw_id = f"4:{value}" if value.startswith("+") else value
    if raw_id.startswith("4:"):
        return {"rawId": raw_id, "kind": "phoneNumber", "phoneNumber": {"value": raw_id[2:]}}
    if raw_id.startswith("8:"):
        return {"rawId": raw_id, "kind": "communicationUser", "communicationUser": {"id": raw_id}}
    return {"rawId": raw_id, "kind": "unknown"}


def seven_digits(moment: datetime) -> str:
    """Return a time as the service writes it: 100 ns digits and an offset."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def cloud_event(event: Raise, *, ids: Mapping[str, str], time: datetime) -> dict[str, Any]:
    """Return the CloudEvent of a callback. `ids`: the call's three ids, by their JSON names."""
    result = event.result
    source = str(
        event.data.get("eventSource") or f"calling/callConnections/{ids['callConnectionId']}"
    )
    data: dict[str, Any] = dict(event.data)
    if event.operation.context is not None and event.type != "ParticipantsUpdated":
        data["operationContext"] = event.operation.context
    data["resultInformation"] = {
        "code": result.code,
        "subCode": result.sub_code,
        "message": result.message,
    }
    data |= {"version": API_VERSION, **ids, "publicEventType": _PREFIX + event.type}
    return {
        "id": str(uuid.uuid4()),
        "source": source,
        "type": _PREFIX + event.type,
        "data": data,
        "time": seven_digits(time),
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "subject": source,
    }


def incoming_call(
    *, data: Mapping[str, Any], resource_id: str, time: datetime, schema: GridSchema
) -> dict[str, Any]:
    """Return the Event Grid event of a ringing telephone."""
    subject = f"/caller/{data['from']['rawId']}/recipient/{data['to']['rawId']}"
    return grid_event(
        "IncomingCall", subject, data, resource_id=resource_id, time=time, schema=schema
    )


def grid_event(
    name: str,
    subject: str,
    data: Mapping[str, Any],
    *,
    resource_id: str,
    time: datetime,
    schema: GridSchema,
) -> dict[str, Any]:
    """Return an event as Event Grid delivers it, in either schema."""
    topic = (
        f"/subscriptions/{resource_id}/resourceGroups/simulator"
        "/providers/Microsoft.Communication/communicationServices/simulator"
    )
    moment = f"{time:%Y-%m-%dT%H:%M:%S.%f}0Z"
    common = {"id": str(uuid.uuid4()), "subject": subject, "data": dict(data)}
    kind = _PREFIX + name
    if schema is GridSchema.CLOUD_EVENTS:
        return common | {"source": topic, "type": kind, "time": moment, "specversion": "1.0"}
    return common | {
        "topic": topic,
        "eventType": kind,
        "eventTime": moment,
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }
