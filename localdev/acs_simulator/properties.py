"""A call as `CallConnectionProperties`, which the REST interface answers."""

from __future__ import annotations

from typing import Any

from localdev.acs_simulator.call import Call
from localdev.acs_simulator.state import Media, Phase

_STATES = {
    Phase.CONNECTING: "connecting",
    Phase.CONNECTED: "connected",
    Phase.TRANSFERRING: "transferring",
}
_STREAMS = {
    Media.NONE: "disabled",
    Media.ACTIVE: "active",
    Media.CONNECTING: "active",
}


def connection_properties(call: Call) -> dict[str, Any]:
    """Return the JSON; the state of an ended call is `disconnected`."""
    outbound = call.state.outbound
    source, target = (call.number, call.person) if outbound else (call.person, call.number)
    properties: dict[str, Any] = call.ids() | {
        "callConnectionState": _STATES.get(call.state.phase, "disconnected"),
        "callbackUri": call.callback_url,
        "source": source,
        "targets": [target],
    }
    if outbound:
        properties["sourceCallerIdNumber"] = {"value": call.parties.from_}
    else:
        properties["answeredBy"] = call.bot
    if call.parties.display_name:
        properties["sourceDisplayName"] = call.parties.display_name
    if call.stream is not None:
        properties["mediaStreamingSubscription"] = {
            "id": call.stream.subscription_id,
            "state": _STREAMS.get(call.state.media, "inactive"),
            "subscribedContentTypes": ["audio"],
        }
    return properties
