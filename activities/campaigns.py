"""What a campaign needs: its live calls looked at, the next number rung when there is a place.

Everything may be done again by whoever reviews next, and rings nobody twice.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters import outgoing
from adapters.archive import whole_log
from adapters.campaigns import change, forget_old
from adapters.plane import Plane
from core import facts as f
from core.attempts import Attempt, Attempted, folded, outcome_of
from core.briefing import order_briefing
from core.call_store import NewFact
from core.campaigns import (
    Campaign,
    Target,
    attempted,
    closed,
    next_step,
    paced,
    seated,
    window_of,
    without,
)
from core.control_ports import Orchestrations
from core.dialling import Full
from core.promises import Wait

log = logging.getLogger("artvoice.campaigns")


async def review(campaign_id: str, plane: Plane, durable: Orchestrations) -> dict[str, Any]:
    """Do what is due; return when to look again: `{"again": epoch seconds, or None: never}`."""
    await _look(campaign_id, plane, durable)
    while True:
        campaign = await plane.campaigns.get(campaign_id)
        if campaign is None:
            return {"again": None}
        first = await plane.targets.first(campaign_id)
        match next_step(campaign, first, plane.clock()):
            case Wait(until=until):
                return {"again": until}
            case "dial":
                assert first is not None  # noqa: S101 what else would be dialled
                await _dial(campaign, first, plane, durable)
            case "close":
                await _close(campaign, plane)
            case _:
                return {"again": None}


async def _look(campaign_id: str, plane: Plane, durable: Orchestrations) -> None:
    """Look at every live call once; those that are over leave their places."""
    campaign = await plane.campaigns.get(campaign_id)
    if campaign is None:
        return
    calling = await plane.targets.page(campaign_id, status="calling")
    for n in sorted({*campaign.live, *(target.n for target in calling)}):
        over = await _attend(campaign_id, n, plane, durable)
        await change(campaign_id, plane, partial(without if over else seated, n=n))


async def _dial(campaign: Campaign, target: Target, plane: Plane, durable: Orchestrations) -> None:
    """Ring the next one, if he may be called now; he has a place before he is rung."""
    rules, now = plane.settings.outbound_rules, plane.clock()
    window = window_of(campaign, target.number, rules)
    if window is None or not rules.allow(target.number):
        await plane.targets.change(replace(target, status="refused"))
    elif not window.allows(now):
        await plane.targets.change(replace(target, next_at=window.next(now)))
    elif await plane.campaigns.change(paced(seated(campaign, target.n), now)) and await _attend(
        campaign.id, target.n, plane, durable
    ):
        await change(campaign.id, plane, partial(without, n=target.n))


async def _attend(campaign_id: str, n: int, plane: Plane, durable: Orchestrations) -> bool:
    """Bring the target of a place forward; return whether the place is free again."""
    campaign = await plane.campaigns.get(campaign_id)
    target = await plane.targets.get(campaign_id, n)
    if campaign is None or target is None:
        return True
    if target.status == "waiting" and campaign.status == "running":
        if target.next_at > plane.clock():
            return True  # what came of his call is written down
        attempt = Attempt(call_id=_call_id(target), at=plane.clock())
        begun = replace(target, status="calling", attempts=(*target.attempts, attempt))
        if not await plane.targets.change(begun):
            return False  # somebody else begins, and is looked at next time
        target = replace(begun, version=begun.version + 1)
    return target.status != "calling" or await _call(campaign, target, plane, durable)


def _call_id(target: Target) -> str:
    name = f"artvoice:campaign|{target.campaign_id}|{target.n}|{len(target.attempts)}"
    return str(uuid5(NAMESPACE_URL, name))


async def _call(campaign: Campaign, target: Target, plane: Plane, durable: Orchestrations) -> bool:
    """Ring, unless that was done; return whether the attempt is over, and written down."""
    attempt = target.attempts[-1]
    briefed = order_briefing(target.topic, target.task, target.context)
    made_for = f.CampaignCall(campaign_id=campaign.id, target=target.n)
    facts = [NewFact(source="order", source_id="campaign", fact=made_for)]
    if briefed is not None:
        facts.append(NewFact(source="order", source_id="briefed", fact=briefed))
    try:
        call = await outgoing.claim(
            attempt.call_id, target.number, campaign.scenario, plane, facts=facts
        )
    except Full as full:
        await plane.targets.change(replace(target, status="waiting", attempts=target.attempts[:-1]))
        again = outgoing.room_again(full, plane)
        await change(campaign.id, plane, lambda now: replace(now, next_at=again))
        return True
    except LookupError:
        log.exception("a campaign's scenario is gone", extra={"campaign": campaign.id})
        await _settle(campaign, target, "failed", plane)
        return True
    await outgoing.ring(call, plane, durable)
    lost = attempt.at < plane.settings.outbound_caps(plane.clock()).live_since
    if call.ended_at is None and not lost:
        return False
    entries = await whole_log(call.call_id, plane.store)
    outcome = outcome_of(folded(call.call_id, entries), entries) or "failed"
    await _settle(campaign, target, outcome, plane)
    return True


async def _settle(campaign: Campaign, target: Target, outcome: Attempted, plane: Plane) -> None:
    """Write down what came of an attempt."""
    rules = plane.settings.outbound_rules
    window = window_of(campaign, target.number, rules) or rules.window(target.number)
    settled = attempted(campaign, target, outcome, window, plane.clock())
    await plane.targets.change(settled)
    facts = {"campaign": campaign.id, "target": target.n, "outcome": outcome}
    log.info("an attempt of a campaign is over", extra=facts)


async def _close(campaign: Campaign, plane: Plane) -> None:
    ended = closed(campaign, plane.clock())
    if await plane.campaigns.change(ended):
        log.info("a campaign is over", extra={"campaign": campaign.id, "status": ended.status})
        await forget_old(plane)
