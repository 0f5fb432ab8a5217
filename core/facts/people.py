"""What people decide: those on the phone, who approve, and who supervise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ConsentDecision = Literal["given", "refused", "unclear", "announced", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecided:
    """What the caller said to being recorded; `announced`: was told of it and talked on."""

    decision: ConsentDecision
    turn: int = 0
    kind: Literal["consent_decided"] = "consent_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered:
    """A person who was told what the caller wants takes him, or does not."""

    request_id: str
    taken: bool
    kind: Literal["consult_answered"] = "consult_answered"


ApprovalDecision = Literal["approved", "denied", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """A person decided, or nobody did in time. What was approved has been done: `ok`, `text`."""

    request_id: str
    decision: ApprovalDecision
    ok: bool = True
    subject: str = ""
    by: str = ""
    reason: str = ""
    text: str = ""
    kind: Literal["approval_decided"] = "approval_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whispered:
    """A supervisor told the agent something that the caller must not hear."""

    id: str
    text: str = ""
    by: str = ""
    kind: Literal["whispered"] = "whispered"


PeopleFact = ConsentDecided | ConsultAnswered | ApprovalDecided | Whispered
