"""The telephone carrier: what it can be asked to do with a call, and why it may not do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.facts import LegState


class Trouble(StrEnum):
    """Why the carrier did not do what it was asked."""

    GONE = "gone"  # there is no such leg (any more)
    CONFLICT = "conflict"  # not in this state: too late, or somebody else's
    REFUSED = "refused"  # our request or our credentials are wrong
    UNAVAILABLE = "unavailable"  # may work later


class CarrierError(Exception):
    """A command the carrier did not carry out. `code` is its own code, without personal data."""

    def __init__(self, trouble: Trouble, code: str) -> None:
        super().__init__(f"{trouble}: {code}")
        self.trouble = trouble
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Makes a request repeatable: the same key is carried out once (`at`: epoch seconds)."""

    key: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the carrier reports to and streams audio to. Both hold a secret."""

    callback_url: str = field(repr=False)
    media_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Somebody to connect the caller to, and what is told with it. `address` is personal data."""

    address: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTo:
    """Where a recording is written, and where its state is reported to."""

    container_url: str
    callback_url: str = field(repr=False)


class CallControl(Protocol):
    """Commands to the telephone carrier. All raise `CarrierError`."""

    async def answer(self, offer: str, links: Links, once: Once, *, streaming: bool) -> str:
        """Answer; return the connection id. Audio streams at once, or when `start_media` says."""
        ...

    async def reject(self, offer: str, once: Once) -> None:
        """Refuse a call that rings: the caller hears that the line is busy."""
        ...

    async def redirect(self, offer: str, number: str, once: Once) -> None:
        """Have a call that rings go to an E.164 number instead."""
        ...

    async def create(self, number: str, links: Links, once: Once, *, streaming: bool) -> str:
        """Ring an E.164 number; return the connection id. `streaming` as in `answer`."""
        ...

    async def hang_up(self, connection_id: str, once: Once) -> None:
        """End the call for everyone."""
        ...

    async def transfer(self, connection_id: str, to: Invitee, context: str, once: Once) -> None:
        """Ask to connect the other side to somebody; events carry `context`."""
        ...

    async def invite(
        self, connection_id: str, to: Invitee, *, ring_s: float, context: str, once: Once
    ) -> str:
        """Ring somebody into the call; return the invitation's id. Events carry `context`."""
        ...

    async def withdraw(self, connection_id: str, invitation: str, address: str, once: Once) -> None:
        """Have nobody of this address in the call: neither ringing nor talking."""
        ...

    async def people(self, connection_id: str) -> frozenset[str]:
        """Return the addresses of all in the call, our own included."""
        ...

    async def hold(self, connection_id: str, address: str, music_url: str) -> None:
        """Let somebody hear nothing but music, and nobody hear him."""
        ...

    async def unhold(self, connection_id: str, address: str) -> None: ...

    async def leave(self, connection_id: str) -> None:
        """Leave the call to those who are in it."""
        ...

    async def start_media(self, connection_id: str) -> None:
        """Have the audio socket dialled again, whatever its state is."""
        ...

    async def play(self, connection_id: str, url: str, context: str) -> None:
        """Play a WAV file to everyone; events carry `context`."""
        ...

    async def leg(self, connection_id: str) -> LegState: ...

    async def start_recording(
        self, connection_id: str, where: RecordTo, once: Once, *, paused: bool
    ) -> str:
        """Record both sides into a container of ours; return the recording's id."""
        ...

    async def pause_recording(self, recording_id: str) -> None: ...

    async def resume_recording(self, recording_id: str) -> None: ...

    async def stop_recording(self, recording_id: str) -> None:
        """Record no more; one that is over already is stopped."""
        ...

    async def check(self) -> None:
        """Make sure that the carrier answers and knows us. Raises `CarrierError`."""
        ...

    async def aclose(self) -> None: ...
