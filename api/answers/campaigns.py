"""What is told of campaigns and of the numbers that they call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypedDict

from api.answers.attempts import AttemptShown
from core.attempts import Missed
from core.campaigns import CampaignStatus, TargetStatus

TargetTold = Literal["cancelled", TargetStatus]


class CampaignLine(TypedDict):
    """A campaign in short; `size`: how many numbers it calls."""

    id: str
    name: str
    status: CampaignStatus
    scenario: str
    size: int
    started_at: float
    ended_at: float | None


class CampaignPage(TypedDict):
    campaigns: list[CampaignLine]
    continuation: str | None


class TargetShown(TypedDict):
    """One number of a campaign, masked. `calling`: it rings, or is talked with."""

    n: int
    number: str
    topic: str
    status: TargetTold
    next_at: float | None
    attempts: list[AttemptShown]


class CampaignShown(CampaignLine):
    """How far a campaign is: `counts` of its numbers by status, and a page of them."""

    concurrency: int
    pace_seconds: float
    hours: str | None
    attempts: int
    retry_minutes: Mapping[Missed, float]
    counts: Mapping[TargetTold, int]
    targets: list[TargetShown]
    continuation: str | None
