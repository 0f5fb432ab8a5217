"""A campaign: many numbers to call, a few at once, each until somebody answers or it is given up.

`Campaign.live` is the truth of who has one of its places: a number is rung only after it was
written there, and leaves it when its call is over. So two reviewers, or one that died, neither
ring anybody twice nor ring too many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from pydantic import TypeAdapter

from core.attempts import RETRY_S, Attempt, Attempted, Missed, settled
from core.dialling import Rules, Window
from core.hours import Hours
from core.promises import Wait

CampaignStatus = Literal["running", "paused", "cancelled", "done"]
TargetStatus = Literal["waiting", "calling", "refused", Attempted]
MAX_TARGETS = 1000
LOOK_S = 30.0  # how often calls under way are looked at; the end of one is told at once
IDLE_S = 24 * 3600.0  # a paused campaign waits for a poke


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number of a campaign (personal data). `next_at` (epoch seconds): not called before.

    `refused`: our own rules do not allow the number any more.
    """

    campaign_id: str
    n: int
    number: str
    topic: str = ""
    task: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    next_at: float
    status: TargetStatus = "waiting"
    attempts: Sequence[Attempt] = ()
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Whom to call is in `size` targets. Times are epoch seconds.

    `live`: the targets that have a place now. `next_at`: nobody is rung before. `hours`: narrower
    than those of the numbers' countries.
    """

    id: str
    name: str
    scenario: str
    asked_at: float
    size: int
    concurrency: int
    pace_s: float
    attempts: int
    hours: Hours | None = None
    retry_s: Mapping[Missed, float] = field(default_factory=lambda: RETRY_S)
    status: CampaignStatus = "running"
    live: tuple[int, ...] = ()
    next_at: float = 0.0
    ended_at: float | None = None
    version: int = 0

    @property
    def call_id(self) -> str:
        """What a store of promises forgets it by: it belongs to no call."""
        return self.id


Step = Wait | Literal["dial", "close", "over"]


def next_step(campaign: Campaign, first: Target | None, now: float) -> Step:
    """Return what a campaign needs now, whose live calls were just looked at.

    `first`: of its waiting targets the one that is due first.
    """
    if campaign.ended_at is not None:
        return "over"
    look = Wait(until=_next(LOOK_S, now))
    if campaign.status == "running" and first is not None:
        if len(campaign.live) >= campaign.concurrency:
            return look
        due = max(first.next_at, campaign.next_at)
        if due <= now:
            return "dial"
        return Wait(until=min(due, look.until) if campaign.live else due)
    if campaign.live:
        return look
    return Wait(until=_next(IDLE_S, now)) if campaign.status == "paused" else "close"


def _next(every: float, now: float) -> float:
    """Return the next full multiple: the same for all who ask until then."""
    return (now // every + 1) * every


def seated(campaign: Campaign, n: int) -> Campaign:
    """Give a target one of the places."""
    return campaign if n in campaign.live else replace(campaign, live=(*campaign.live, n))


def without(campaign: Campaign, n: int) -> Campaign:
    """Take a target's place away."""
    return replace(campaign, live=tuple(each for each in campaign.live if each != n))


def paced(campaign: Campaign, now: float) -> Campaign:
    """Have nobody else rung for a while."""
    return replace(campaign, next_at=now + campaign.pace_s)


def closed(campaign: Campaign, now: float) -> Campaign:
    """Return a campaign that has nothing left to do."""
    over = replace(campaign, ended_at=now)
    return over if campaign.status == "cancelled" else replace(over, status="done")


def window_of(campaign: Campaign, number: str, rules: Rules) -> Window | None:
    """Return when a number may be called: the campaign's hours in those of its country, if any."""
    window = rules.window(number)
    if campaign.hours is None:
        return window
    hours = window.hours.common(campaign.hours)
    return replace(window, hours=hours) if hours else None


def attempted(
    campaign: Campaign, target: Target, outcome: Attempted, window: Window, now: float
) -> Target:
    """Return a target after an attempt came to something."""
    tried = replace(target, attempts=settled(target.attempts, outcome))
    if outcome == "reached" or len(tried.attempts) >= campaign.attempts:
        return replace(tried, status=outcome)
    later = window.next(now + campaign.retry_s.get(outcome, RETRY_S[outcome]))
    return replace(tried, status="waiting", next_at=later)


class TargetStore(Protocol):
    """The targets of campaigns. Every write is conditional."""

    async def keep(self, targets: Sequence[Target]) -> None:
        """Create those that do not exist; all are of one campaign."""
        ...

    async def get(self, campaign_id: str, n: int) -> Target | None: ...

    async def change(self, target: Target) -> bool:
        """Write it if its version is still the stored one; False when somebody was faster."""
        ...

    async def first(self, campaign_id: str) -> Target | None:
        """Return the waiting target that is due first."""
        ...

    async def page(
        self, campaign_id: str, *, status: str = "", limit: int = 50, after: int = -1
    ) -> tuple[Target, ...]:
        """List targets in their order, behind number `after`."""
        ...

    async def counts(self, campaign_id: str) -> Mapping[TargetStatus, int]:
        """Count targets by their status."""
        ...

    async def forget(self, campaign_ids: Sequence[str]) -> None: ...

    async def aclose(self) -> None: ...


CAMPAIGN: TypeAdapter[Campaign] = TypeAdapter(Campaign)
TARGET: TypeAdapter[Target] = TypeAdapter(Target)
