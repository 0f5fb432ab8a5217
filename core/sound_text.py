"""Text that can be written down: JSON may hold halves of letters, which no encoding has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sound_text(text: str) -> str:
    """Return a text without halves of letters (lone surrogates); two that belong together are one.

    `json.loads` reads them as they are, and everything that is to be sent or stored breaks on them.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def sound_data(value: Any) -> Any:
    """Return JSON data whose texts can be written down."""
    match value:
        case str():
            return sound_text(value)
        case Mapping():
            return {sound_text(str(name)): sound_data(each) for name, each in value.items()}
        case list() | tuple():
            return [sound_data(each) for each in value]
        case _:
            return value
