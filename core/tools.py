"""What a tool is to the rest of the system: a schema, a run, a text for the model and effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HIDDEN = "***"
"""Stands in records for a value that only its tool may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """What a model must know to call a tool, and what a call needs to run it well.

    `parameters` is a JSON schema object. `examples`, `ask` (a question per missing parameter) and
    `say` (a Jinja template over the result) serve the scripted brain. `filler` is spoken when
    the tool takes long. `side_effects`: logged as started before it runs, never cancelled once
    started, never run on a guess. A parameter that says `writeOnly: true` is a secret.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    side_effects: bool = False
    timeout_s: float = 8.0
    filler: str = ""
    examples: tuple[str, ...] = ()
    ask: Mapping[str, str] = field(default_factory=dict)
    say: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def secrets(self) -> set[str]:
        """The parameters whose values only the tool may know."""
        known: Mapping[str, Any] = self.parameters.get("properties", {})
        return {name for name, schema in known.items() if schema.get("writeOnly")}

    def shown(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments as records may hold them: without secrets, and without what a tool
        that takes secrets does not know, for that may be a secret under a wrong name.
        """
        known: Mapping[str, Any] = self.parameters.get("properties", {})
        secret = self.secrets
        hidden = secret | (arguments.keys() - known.keys()) if secret else set[str]()
        return {
            name: HIDDEN if name in hidden and value is not None else value
            for name, value in arguments.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's wish to run a tool, complete. `arguments` is already parsed JSON."""

    id: str
    name: str
    arguments: Mapping[str, Any]


# --- effects: what a tool may ask the call to do --------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Let another agent go on with the caller."""

    to_agent: str
    reason: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["hand_off"] = "hand_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCall:
    """Connect the caller to a person. `target` is a name from configuration, never a number."""

    target: str
    reason: str = ""
    summary: str = ""
    kind: Literal["transfer_call"] = "transfer_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End the call after what is being said has been heard."""

    reason: str = "done"
    kind: Literal["hang_up"] = "hang_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskApproval:
    """Ask a person before something is done."""

    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["ask_approval"] = "ask_approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Call this caller back, `at` epoch seconds, about `topic`."""

    at: float
    topic: str = ""
    kind: Literal["call_back"] = "call_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropCallBacks:
    """Make none of the calls that were promised to this caller and not made yet."""

    kind: Literal["drop_call_backs"] = "drop_call_backs"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectDigits:
    """Ask the caller for keys; they go to the tool `then` as its argument `into`, beside `given`.

    They end with the terminator, with `max_digits` of them, or with a pause (`pause_s`; None: the
    usual one). If `secret` they are in no record and no model sees them. `then` must be a tool of
    the agent who asks.
    """

    then: str
    into: str = "digits"
    given: Mapping[str, Any] = field(default_factory=dict)
    max_digits: int = 16
    terminator: str = "#"
    pause_s: float | None = None
    secret: bool = False
    kind: Literal["collect_digits"] = "collect_digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Facts about the caller that later turns and other agents may use (slots)."""

    slots: Mapping[str, Any]
    kind: Literal["remember"] = "remember"


CallEffect = HandOff | TransferCall | HangUp
"""Effects that wait for words: they are owed until the caller has heard what goes with them."""

Effect = (
    HandOff
    | TransferCall
    | HangUp
    | AskApproval
    | CallBack
    | DropCallBacks
    | CollectDigits
    | Remember
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool came to. `text` is what the model reads; `data` what templates read."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    ok: bool = True
    error: str = ""
    effects: tuple[Effect, ...] = ()
