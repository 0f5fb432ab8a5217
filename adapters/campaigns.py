"""How a campaign's document is changed whoever else changes it, and when old ones go."""

from __future__ import annotations

from collections.abc import Callable

from adapters.archive import DAY_S
from adapters.plane import Plane
from core.campaigns import Campaign


async def change(
    campaign_id: str, plane: Plane, how: Callable[[Campaign], Campaign]
) -> Campaign | None:
    """Change the document as it is now; return it as it is then, None if there is none."""
    while True:
        campaign = await plane.campaigns.get(campaign_id)
        if campaign is None:
            return None
        changed = how(campaign)
        if changed == campaign or await plane.campaigns.change(changed):
            return changed


async def forget_old(plane: Plane) -> None:
    """Delete campaigns that ended more than RETENTION_DAYS ago, with whom they called."""
    before = plane.clock() - plane.settings.retention_days * DAY_S
    continuation, more = "", True
    while more:
        page = await plane.campaigns.page(continuation=continuation)
        old = [each.id for each in page.promises if (each.ended_at or before) < before]
        await plane.targets.forget(old)
        await plane.campaigns.forget(old)
        continuation, more = page.continuation, bool(page.continuation)
