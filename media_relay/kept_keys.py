"""Keys of a caller that may be a secret: kept here alone, and known elsewhere by another name."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any


class KeptKeys:
    """What the caller keyed in unasked. It is in no record, so another relay does not know it."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def keep(self, keys: str) -> str:
        """Keep them; return what stands for them in a tool's arguments."""
        name = f"[keys-{ascii_uppercase[len(self._kept) % len(ascii_uppercase)]}]"
        self._kept[name] = keys
        return name

    def meant(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return a tool's arguments with what was kept in the place of what stands for it."""
        return {name: self._put(value) for name, value in arguments.items()}

    def _put(self, value: Any) -> Any:
        if isinstance(value, str):
            for name, keys in self._kept.items():
                value = value.replace(name, keys)
        return value
