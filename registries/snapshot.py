"""A scenario as bytes that never change, known by their hash: what a live call runs on."""

from __future__ import annotations

import hashlib
import json

from core.agents import Scenario
from core.session import SCENARIO


def snapshot(scenario: Scenario) -> tuple[str, bytes]:
    """Return the SHA-256 (hex) and the canonical JSON of a scenario."""
    body = json.dumps(
        SCENARIO.dump_python(scenario, mode="json"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    return hashlib.sha256(body).hexdigest(), body


def from_snapshot(body: bytes) -> Scenario:
    """Return the scenario of a snapshot. Raises pydantic's ValidationError."""
    return SCENARIO.validate_json(body)
