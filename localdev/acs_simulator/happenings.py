"""What can happen to a call, and what the service does about it, as data.

Assumed, not documented: the result codes of an answer that fails, of a transferred call and of a
lost media socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`resultInformation` of an event."""

    code: int = 200
    sub_code: int = 0
    message: str = ""


BY_APP = Result(code=200, sub_code=7000, message="The call was ended by the application.")
PUT_THROUGH = Result(code=200, sub_code=7015, message="The transfer was completed.")
BY_CALLER = Result(code=0, sub_code=560000, message="The remote party hung up.")
CANCELLED = Result(code=487, sub_code=0, message="The caller cancelled the call.")
DONE = Result(message="Action completed successfully.")
SOCKET_REFUSED = Result(
    code=400,
    sub_code=8581,
    message="Action failed, Transport url is not valid or web socket server is not operational.",
)
SOCKET_LOST = Result(
    code=500, sub_code=8603, message="Action failed, media streaming was interrupted."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What an operation's events carry back, and where to if not to the call's callback."""

    context: str | None = None
    callback: str | None = None


NO_OPERATION = Operation()


# --- what happens ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The app answered the call, or placed it if it is outbound.

    `media`: it named a socket; `start`: to be opened as soon as the call is connected.
    """

    operation: Operation = NO_OPERATION
    media: bool = False
    start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The app does not want the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """The app sent the call elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingEnded:
    """Nobody answered in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUp:
    """Both ends can hear each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalleeRefused:
    """An outbound call came to nothing."""

    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft:
    """The person at the other end hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppHungUp:
    """The app ended the call, or left it: with one person in it that is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked:
    """The app wants the caller connected to `target` (an identifier as the service returns it)."""

    target: Mapping[str, Any]
    operation: Operation = NO_OPERATION


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferTaken:
    """The target answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRefused:
    """The target did not."""

    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaAsked:
    """The app wants its socket dialled."""

    operation: Operation = NO_OPERATION


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStopAsked:
    """The app wants its socket closed."""

    operation: Operation = NO_OPERATION


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOpened:
    """The relay accepted the socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRefused:
    """The relay could not be reached or did not want the socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLost:
    """The socket closed and nobody here closed it."""


Happening = (
    Taken
    | Rejected
    | Redirected
    | RingEnded
    | LineUp
    | CalleeRefused
    | CallerLeft
    | AppHungUp
    | TransferAsked
    | TransferTaken
    | TransferRefused
    | MediaAsked
    | MediaStopAsked
    | SocketOpened
    | SocketRefused
    | SocketLost
)


# --- what follows ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """Send the app an event. `type` without its prefix."""

    type: str
    result: Result = Result()
    operation: Operation = NO_OPERATION
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Let the two ends find each other, then say `LineUp`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMedia:
    """Dial the app's socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMedia:
    """Close the app's socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryTransfer:
    """Ring the transfer target."""


Effect = Raise | Connect | OpenMedia | CloseMedia | TryTransfer
