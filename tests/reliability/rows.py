"""The fault matrix: what goes wrong, what the caller then hears, and what the record holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BALANCE = "What is my account balance?"
PERSON = "I want to speak to a person."
YES = "Yes."
WELCOME = "elcome to Contoso Bank"
GREETING = "Welcome to Contoso Bank. I am your automated assistant. How can I help you today?"
NAME = "What is your full name?"
LOST = "Sorry, I lost you"
CONNECTING = "I am connecting you to a person now"
TALKED = (WELCOME, NAME)
AGREED = ("May I record this call", "Thank you. How can I help you?", NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One call. `hears`: phrases in their order; `prompts`: files that the carrier plays.

    `or_hears`: from the beginning, if it goes wrong before anything was said, as on a busy machine
    it may.
    `record`: fields of the call's record. `pause_s`: the longest silence in which the caller waits
    for a word of ours. `recorded`: where audio may be kept. `kills`: the part that is killed once
    the caller has said all of his lines; its supervisor starts it again.
    """

    name: str
    faults: tuple[str, ...] = ()
    lines: tuple[str, ...] = (BALANCE,)
    hears: tuple[str, ...] = TALKED
    or_hears: tuple[str, ...] = ()
    prompts: int = 0
    outcome: str = "completed"
    ended_by: str = "caller"
    record: Mapping[str, Any] = field(default_factory=dict)
    pause_s: float = 4.0
    recorded: bool = False
    kills: str = ""


def usual(name: str, *faults: str, **more: Any) -> Row:
    """Return a row in which nobody notices anything."""
    return Row(name=name, faults=faults, **more)


def transfer(name: str, *faults: str, **more: Any) -> Row:
    """Return a row in which the caller asks for a person."""
    return Row(name=name, faults=faults, lines=(PERSON,), **more)


def recorded(name: str, *faults: str, **more: Any) -> Row:
    """Return a row in which the caller agrees to be recorded."""
    return Row(name=name, faults=faults, lines=(YES, BALANCE), recorded=True, **more)


LATER = {"epoch": 2}  # a second relay session
RECORDED = {"recording": {"state": "over", "trouble": ""}}
FOUND = {"reconciled": True}  # the carrier was asked how the leg is

ROWS = (
    usual("nothing"),
    usual("every event twice", "dup_events"),
    usual("events change places", "reorder_events"),
    usual("events twice and out of order", "dup_events", "reorder_events"),
    usual("events 4 s late", "delay_events:4"),
    usual("CallConnected is lost", "drop_event:CallConnected"),
    usual("CallDisconnected is lost", "drop_event:CallDisconnected", record=FOUND),
    usual("MediaStreamingStarted is lost", "drop_event:MediaStreamingStarted"),
    usual("the first three callbacks are answered 503 and lost", "callback_503:3"),
    usual("every callback is answered 503 and lost", "callback_503:999", record=FOUND),
    usual("an event after the end", "late_after_disconnect"),
    usual("CallConnected before the answer's response", "event_before_response"),
    usual("the incoming call delivered twice", "eg_dup"),
    usual("the incoming call as a CloudEvent", "eg_cloudevents"),
    Row(
        name="the incoming call delivered after the ring",
        faults=("eg_late:31",),
        lines=(),
        hears=(),
        outcome="unanswered",
        ended_by="carrier",
        pause_s=60.0,
    ),
    usual("the carrier's clock is 45 s fast", "clock_skew:45"),
    usual("the carrier signs with a new key", "new_keys"),
    usual("callback tokens have expired", "callback_token_expired", record=FOUND),
    Row(
        name="tokens are another customer's",
        faults=("wrong_aud",),
        hears=(),
        prompts=2,
        outcome="failed",
        ended_by="fault",
        pause_s=60.0,
    ),
    usual("the audio socket is refused once", "ws_refuse:1"),
    Row(
        name="the audio socket is always refused",
        faults=("ws_refuse:99",),
        hears=(),
        prompts=2,
        outcome="failed",
        ended_by="fault",
        pause_s=60.0,
    ),
    usual("the audio socket opens 3 s late", "ws_late:3", pause_s=7.0),
    usual("the audio socket opens before CallConnected", "ws_before_connected"),
    Row(
        name="the audio socket is cut",
        faults=("ws_drop_after:1",),
        hears=("Welcome", LOST),
        or_hears=(GREETING, NAME),
        record=LATER,
    ),
    Row(
        name="the audio socket is cut and MediaStreamingFailed is lost",
        faults=("ws_drop_after:1", "drop_event:MediaStreamingFailed"),
        hears=("Welcome", LOST),
        or_hears=(GREETING, NAME),
        record=LATER,
    ),
    Row(
        name="the audio socket falls silent but stays open",
        faults=("ws_half_open:1",),
        hears=("Welcome", LOST),
        or_hears=(GREETING, NAME),
        record=LATER,
        pause_s=6.5,
    ),
    # The caller takes the pause in our first words for their end, and speaks.
    usual("the audio socket is not read for 2 s", "ws_slow_read:2", hears=(NAME,)),
    usual("the caller's audio comes in bursts", "ws_jitter:300"),
    usual("the carrier keeps 300 ms of audio, and loses more", "buffer_limit:300"),
    usual("a frame that is not JSON", "ws_garbage"),
    # The relay closes the socket: before the caller is greeted, or in the middle of that.
    usual("a frame of 1 MB", "ws_oversize", hears=("Contoso Bank", NAME)),
    usual("a frame of an unknown kind", "ws_unknown_kind"),
    usual(
        "metadata of a wrong rate",
        "ws_wrong_rate",
        hears=("your automated assistant", NAME),  # it is noticed with the caller's first frame
    ),
    usual("requests fail once (503)", "rest_503:1"),
    usual("requests are throttled (429)", "rest_429:1"),
    usual("requests take 2 s", "rest_slow:2"),
    usual("the answer's response is lost", "drop_after_accept"),
    Row(
        name="no request gets through (503)",
        faults=("rest_503:99",),
        lines=(),
        hears=(),
        outcome="unanswered",
        ended_by="caller",
        record=FOUND,
        pause_s=60.0,
    ),
    transfer(
        "a transfer",
        hears=(WELCOME, CONNECTING),
        outcome="transferred",
        ended_by="transfer",
    ),
    transfer(
        "CallTransferAccepted is lost",
        "drop_event:CallTransferAccepted",
        hears=(WELCOME, CONNECTING),
        outcome="transferred",
        ended_by="transfer",
    ),
    transfer("the transfer fails", "transfer_fail", hears=(WELCOME, CONNECTING, "nobody answered")),
    transfer("the person is busy", "callee_busy", hears=(WELCOME, CONNECTING, "the line is busy")),
    transfer(
        "the person declines",
        "callee_declined",
        hears=(WELCOME, CONNECTING, "nobody there can take the call"),
    ),
    transfer(
        "the person does not answer",
        "callee_noanswer",
        hears=(WELCOME, CONNECTING, "nobody answered"),
        pause_s=60.0,
    ),
    recorded("a call that is recorded", hears=AGREED, record=RECORDED),
    recorded(
        "the recording cannot be started",
        "recording_fail",
        hears=AGREED,
        record={"recording": {"state": "failed", "files": []}},
    ),
    recorded(
        "RecordingStateChanged is lost",
        "drop_event:RecordingStateChanged",
        hears=AGREED,
        record=RECORDED,
    ),
    recorded(
        "nobody tells where the recording is",
        "recording_no_file",
        hears=AGREED,
        record={"recording": {"state": "over", "files": [], "trouble": ""}},
    ),
    recorded(
        "the relay that has the call is killed, another one lives",
        kills="relay",
        hears=("May I record this call", LOST),
        record=LATER,
    ),
    recorded("the functions host is killed", kills="host", hears=AGREED, record={"epoch": 1}),
)
