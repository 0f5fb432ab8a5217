"""Who is in a call from its beginning, and what all calls of a simulator share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from localdev.acs_simulator.callee import Behaviour
from localdev.acs_simulator.eventgrid import GridPublisher
from localdev.acs_simulator.settings import SimulatorSettings
from localdev.acs_simulator.tokens import TokenIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all calls of a simulator share."""

    settings: SimulatorSettings
    http: aiohttp.ClientSession
    tokens: TokenIssuer
    numbers: Mapping[str, Behaviour]
    grid: GridPublisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who calls whom, and what came with the call."""

    from_: str
    to: str
    display_name: str = ""
    custom_context: Mapping[str, Any] | None = None
