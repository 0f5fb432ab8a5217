"""What is asked of a call by whoever is in it or watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpRequested:
    """Somebody on our side wants the call to end: the agent, silence, a person by REST."""

    by: Literal["agent", "silence", "api", "fault", "relay", "caller", "machine"]
    reason: str = ""
    kind: Literal["hang_up_requested"] = "hang_up_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequested:
    """Somebody promised to connect the caller to `target`, a name from configuration.

    `address`: where a supervisor is who takes over himself; personal data, else empty.
    """

    request_id: str
    target: str
    summary: str = ""
    by: Literal["agent", "supervisor"] = "agent"
    address: str = ""
    kind: Literal["transfer_requested"] = "transfer_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A tool asked a person before it does something; `details` (JSON) are all it will act on.

    `request_id` is the same when the same tool call runs again after a crash.
    """

    request_id: str
    tool: str = ""
    agent: str = ""
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["approval_requested"] = "approval_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequested:
    """An agent promised to call the caller back, `at` epoch seconds."""

    request_id: str
    at: float = 0.0
    agent: str = ""
    topic: str = ""
    kind: Literal["callback_requested"] = "callback_requested"


RequestFact = HangUpRequested | TransferRequested | ApprovalRequested | CallbackRequested
