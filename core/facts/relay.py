"""What the relay tells of a call beside its turns, and at once: the call's life hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A relay has the caller's audio and goes on with the call as number `epoch`."""

    epoch: int
    relay_id: str
    kind: Literal["session_opened"] = "session_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDetached:
    """The relay of `epoch` lost the audio socket, or gave it up (`reason`).

    `handed_on`: it drains, and the call is to go on at another relay at once. `unheard`: the socket
    took none of its sound, however long it had it.
    """

    epoch: int
    reason: str = ""
    handed_on: bool = False
    unheard: bool = False
    kind: Literal["media_detached"] = "media_detached"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOff:
    """The caller is talking to another agent now. A report, never refused."""

    from_agent: str
    to_agent: str
    turn: int = 0
    reason: str = ""
    share_context: bool = True
    kind: Literal["handed_off"] = "handed_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAnnounced:
    """The caller was told, in words that the control plane gave, that he is transferred."""

    request_id: str
    kind: Literal["transfer_announced"] = "transfer_announced"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretAwaited:
    """The caller is about to say or press a secret; or no longer (`awaited` false)."""

    awaited: bool
    kind: Literal["secret_awaited"] = "secret_awaited"


RelayFact = SessionOpened | MediaDetached | HandedOff | TransferAnnounced | SecretAwaited
