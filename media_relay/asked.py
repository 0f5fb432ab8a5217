"""A tool call that was asked for: what is on record of it, and what makes it the same again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.tools import HIDDEN, ToolCall, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tool call with the id it has in this call's log. `shown`: without secrets.

    `ours`: no model asked for it.
    """

    call: ToolCall
    spec: ToolSpec | None
    shown: Mapping[str, Any]
    agent: str = ""
    key: str = ""
    number: int = 0
    ours: bool = False

    @property
    def offered(self) -> bool:
        """Whether whoever asked may."""
        return self.ours or self.spec is not None


def shown(call: ToolCall, spec: ToolSpec | None) -> Mapping[str, Any]:
    """Return what the record may show; of a tool nobody knows, any argument may be a secret."""
    return spec.shown(call.arguments) if spec else dict.fromkeys(call.arguments, HIDDEN)


def effect_key(call_id: str, turn: int, name: str, shown: Mapping[str, Any]) -> str:
    """Name an effect by what it does: asked for twice in one turn, it is still done once.

    Made of what is shown only: a hash of four secret digits tells them.
    """
    wish = json.dumps([name, shown], sort_keys=True, default=str)
    return f"{call_id}/{turn}/{hashlib.sha256(wish.encode()).hexdigest()[:24]}"
