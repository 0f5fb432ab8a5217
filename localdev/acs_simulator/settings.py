"""What a simulator must be told before it starts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from localdev.acs_simulator.faults import Faults

MAX_BODY_BYTES = 25 * 1024 * 1024
MAX_LIVE_CALLS = 200
MAX_KEPT_CALLS = 50
"""Ended calls that stay in memory; older ones live on in `out_dir` only."""


class GridSchema(StrEnum):
    """How Event Grid wraps an event."""

    EVENT_GRID = "event_grid"
    CLOUD_EVENTS = "cloud_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One ACS resource of our own. Times are seconds.

    `access_key` is base64, as Azure gives it. `resource_id` is the audience of every token.
    `recordings_dir` stands for the container that recordings are written to, whatever its URL.
    `retry_scale` multiplies Event Grid's retry delays (10 s, 30 s). Assumed, not documented by
    Azure: `connect_delay_s`, `transfer_delay_s`, `callback_retries`.
    """

    access_key: str = field(repr=False)
    control_token: str = field(repr=False)
    resource_id: str = "00000000-0000-4000-8000-000000000000"
    port: int = 0
    functions_base_url: str = ""
    function_name: str = "on_incoming_call"
    function_key: str = field(default="", repr=False)
    grid_schema: GridSchema = GridSchema.EVENT_GRID
    retry_scale: float = 1.0
    callback_retries: int = 0
    ring_timeout_s: float = 30.0
    connect_delay_s: float = 0.1
    callee_delay_s: float = 1.0
    transfer_delay_s: float = 1.0
    max_call_s: float = 1800.0
    loopback_only: bool = True
    out_dir: Path | None = None
    recordings_dir: Path | None = None
    recording_function: str = "on_recording_file"
    faults: Mapping[str, str] = field(default_factory=Faults)

    def __post_init__(self) -> None:
        """Refuse what cannot work. Raises `ValueError`."""
        try:
            base64.b64decode(self.access_key, validate=True)
        except binascii.Error as error:
            raise ValueError("access_key must be base64") from error
        if not self.access_key or not self.control_token:
            raise ValueError("access_key and control_token must not be empty")
