"""Everything that can be made to go wrong in a call, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way to go wrong. `parameter` names its value, `default` is used when none is given."""

    name: str
    help: str
    parameter: str = ""
    default: str = ""


_TABLE = (
    Fault(name="dup_events", help="every callback is delivered twice, with the same id"),
    Fault(name="reorder_events", help="callbacks change places in pairs"),
    Fault(name="delay_events", help="callbacks come late", parameter="seconds", default="2"),
    Fault(
        name="drop_event",
        help="callbacks of this type never come",
        parameter="type",
        default="CallConnected",
    ),
    Fault(
        name="callback_503",
        help="what stands before the app answers the first callbacks; they are not sent again",
        parameter="times",
        default="2",
    ),
    Fault(name="late_after_disconnect", help="one more ParticipantsUpdated after CallDisconnected"),
    Fault(name="event_before_response", help="CallConnected comes before the answer's response"),
    Fault(name="eg_dup", help="Event Grid delivers the incoming call twice"),
    Fault(
        name="eg_late",
        help="Event Grid delivers late (default: after the ring)",
        parameter="seconds",
        default="31",
    ),
    Fault(name="eg_cloudevents", help="Event Grid uses the CloudEvents schema"),
    Fault(name="callback_token_expired", help="callback tokens have expired"),
    Fault(name="new_keys", help="the service signs with a key that nobody has seen yet"),
    Fault(
        name="clock_skew",
        help="callback tokens are dated ahead",
        parameter="seconds",
        default="45",
    ),
    Fault(name="wrong_aud", help="callback and media tokens are another resource's"),
    Fault(
        name="ws_refuse",
        help="the media socket cannot be opened",
        parameter="times",
        default="1",
    ),
    Fault(name="ws_late", help="the media socket opens late", parameter="seconds", default="3"),
    Fault(name="ws_before_connected", help="the media socket opens before CallConnected"),
    Fault(
        name="ws_drop_after",
        help="the media socket is cut once, without a close frame",
        parameter="seconds",
        default="3",
    ),
    Fault(
        name="ws_half_open",
        help="the media socket falls silent in both directions, but stays open",
        parameter="seconds",
        default="3",
    ),
    Fault(
        name="ws_slow_read",
        help="the service does not read the agent's audio for a while, once he has begun to speak",
        parameter="seconds",
        default="2",
    ),
    Fault(
        name="ws_jitter",
        help="the caller's frames come late and in bursts",
        parameter="ms",
        default="300",
    ),
    Fault(
        name="buffer_limit",
        help="of the agent's audio the service keeps so much at most, and loses the rest",
        parameter="ms",
        default="300",
    ),
    Fault(
        name="stop_audio_late",
        help="the service takes a while to stop the agent's audio",
        parameter="ms",
        default="300",
    ),
    Fault(name="ws_garbage", help="one media frame is not JSON"),
    Fault(
        name="ws_oversize",
        help="one media frame is far too big",
        parameter="bytes",
        default="1000000",
    ),
    Fault(name="ws_unknown_kind", help="one media frame is of a kind nobody knows"),
    Fault(
        name="ws_wrong_rate",
        help="the metadata names a rate that was not asked for",
        parameter="hz",
        default="8000",
    ),
    Fault(
        name="rest_503", help="requests about the call fail first", parameter="times", default="1"
    ),
    Fault(
        name="rest_429",
        help="the first request is throttled",
        parameter="retry_after_s",
        default="1",
    ),
    Fault(name="rest_slow", help="responses come late", parameter="seconds", default="2"),
    Fault(name="drop_after_accept", help="the first request is executed, its response is lost"),
    Fault(name="recording_fail", help="recordings cannot be started"),
    Fault(name="recording_no_file", help="Event Grid never says where a recording is"),
    Fault(name="transfer_fail", help="the transfer target cannot be reached"),
    Fault(name="callee_busy", help="whoever is called is busy"),
    Fault(name="callee_noanswer", help="whoever is called does not answer"),
    Fault(name="callee_declined", help="whoever is called declines"),
)
FAULTS = {fault.name: fault for fault in _TABLE}


class UnknownFault(ValueError):
    """A fault was asked for that is not in the table, or with a value it cannot have."""


class Faults(dict[str, str]):
    """The faults of one call: name to value. Some wear off: see `take`."""

    def has(self, name: str) -> bool:
        """Whether a fault is on. The name must be one of the table."""
        return FAULTS[name].name in self

    def number(self, name: str) -> float:
        """Return a fault's value, 0 if it is off."""
        return float(self[name]) if self.has(name) else 0.0

    def take(self, name: str) -> bool:
        """Whether a fault that wears off happens now; count it."""
        if not self.has(name):
            return False
        left = float(self[name] or 1) - 1 if FAULTS[name].parameter == "times" else 0
        if left <= 0:
            del self[name]
        else:
            self[name] = str(left)
        return True


def parse_faults(texts: Iterable[str]) -> Faults:
    """Read `name`, `name=value` or `name:value`. Raises `UnknownFault`."""
    faults = Faults()
    for text in texts:
        name, _, value = text.replace(":", "=", 1).partition("=")
        fault = FAULTS.get(name.strip())
        if fault is None:
            raise UnknownFault(f"no fault {name.strip()!r}; known: {', '.join(sorted(FAULTS))}")
        faults[fault.name] = _checked(fault, value.strip() or fault.default)
    return faults


def _checked(fault: Fault, value: str) -> str:
    if fault.parameter in ("", "type"):
        if value and not fault.parameter:
            raise UnknownFault(f"{fault.name} takes no value")
        return value
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e8:
        raise UnknownFault(f"{fault.name} needs a number of {fault.parameter}, not {value!r}")
    return value
