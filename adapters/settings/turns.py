"""How turns are taken, where an agent says nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.settings.group import SettingsGroup
from core.endpointing import EndpointSettings
from core.turn import TurnSettings as Turns

OUR_ENDPOINTS = EndpointSettings()
OUR_TURNS = Turns()


class TurnSettings(SettingsGroup):
    """When a turn is over, and who may interrupt it."""

    endpointing: Literal["adaptive", "fixed"] = "adaptive"
    endpoint_min_ms: int = Field(default=OUR_ENDPOINTS.shortest_ms, ge=100, le=5000)
    endpoint_max_ms: int = Field(default=OUR_ENDPOINTS.longest_ms, ge=200, le=10_000)
    vad_threshold: float = Field(default=OUR_ENDPOINTS.threshold, ge=0.1, le=0.95)
    smart_turn: bool = False
    preemptive_replies: bool = True
    barge_in_ms: int = Field(default=round(OUR_TURNS.barge_in_s * 1000), ge=100, le=10_000)
    barge_in_words: int = Field(default=OUR_TURNS.barge_in_words, ge=1, le=20)
    backchannels: bool = True
    endpoint_final_wait_ms: int = Field(default=OUR_ENDPOINTS.final_wait_ms, ge=0, le=5000)

    @property
    def endpoints(self) -> EndpointSettings:
        """When a caller's turn is over."""
        return EndpointSettings(
            fixed=self.endpointing == "fixed",
            shortest_ms=self.endpoint_min_ms,
            longest_ms=self.endpoint_max_ms,
            final_wait_ms=self.endpoint_final_wait_ms,
            threshold=self.vad_threshold,
        )

    @property
    def turns(self) -> Turns:
        """How turns are taken."""
        return Turns(
            think_ahead=self.preemptive_replies,
            barge_in_s=self.barge_in_ms / 1000,
            barge_in_words=self.barge_in_words,
            backchannels=self.backchannels,
        )
