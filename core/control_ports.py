"""What the control plane needs beside a call store and a carrier: relays, files, orchestrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class RelayDoor(Protocol):
    """The one address behind which relays are, or come to life when somebody asks."""

    async def ready(self, within_s: float) -> bool:
        """Ask until one is ready, for so long. To be asked is what wakes one that sleeps."""
        ...


class BlobRefused(Exception):
    """A file may not be changed or deleted, by a policy or a right that is not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a file, and how many bytes the whole of it has."""

    content: bytes
    size: int


class Blobs(Protocol):
    """Files by name (`folder/name.ext`), written whole."""

    async def put(self, name: str, content: bytes, content_type: str) -> None: ...

    async def get(self, name: str) -> bytes | None: ...

    async def piece(self, name: str, first: int, most: int) -> Piece | None:
        """Read `most` bytes (1 or more) from `first` on: fewer at the end, none behind it."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a file; one that is not there is deleted already. Raises BlobRefused."""
        ...

    async def aclose(self) -> None: ...


class Bell(Protocol):
    """Where people look who are to learn that they are asked something."""

    async def ring(self, notice: Mapping[str, Any]) -> bool:
        """Tell it; False if it was not taken, for whatever reason."""
        ...


class OrchestrationTrouble(Exception):
    """An orchestration could not be reached."""


class Orchestrations(Protocol):
    """The durable half of a call. All raise `OrchestrationTrouble`."""

    async def start(self, order: Mapping[str, Any]) -> None:
        """Have the orchestration of `order["call_id"]` live; "already live" is success."""
        ...

    async def begin(self, name: str, instance_id: str, order: Mapping[str, Any]) -> None:
        """Have another orchestration live or over, by name; one that exists is success."""
        ...

    async def poke(self, call_id: str) -> bool:
        """Wake it; False when there is none to wake."""
        ...
