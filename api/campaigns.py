"""Campaigns: started with a list of numbers, watched, paused, resumed, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adapters import orders
from adapters.campaigns import change, forget_old
from adapters.plane import Plane
from adapters.settings.values import Wrong, hours_of
from api import answers, inputs
from api.http import Problem, Reply, Request, named, ok, read_body, read_query
from core.campaigns import Campaign, CampaignStatus, Target, TargetStatus, window_of
from core.control_ports import Orchestrations, OrchestrationTrouble
from core.dialling import Rules
from core.hours import Hours
from core.record import masked

MAX_REASONS = 10


async def start(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Call everybody on a list, a few at once; the same `Idempotency-Key` starts it once."""
    body = read_body(request, inputs.CAMPAIGN_ORDER)
    rules = plane.settings.outbound_rules
    campaign = _ordered(named(request, "campaign"), body, plane)
    targets = list(_targets(campaign, body, rules, plane.clock()))
    # The campaign comes last: one that exists has all its targets.
    await plane.targets.keep(targets)
    kept = await plane.campaigns.keep(campaign)
    try:
        await durable.begin("campaign", kept.id, {"id": kept.id})
    except OrchestrationTrouble as error:
        raise Problem(503, "the durable back end does not answer; try again") from error
    await forget_old(plane)
    return ok(_line(kept), 201)


async def list_campaigns(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List campaigns, newest first: `?status=running|paused|...&limit=&continuation=`."""
    query = read_query(request, inputs.CAMPAIGNS_QUERY)
    try:
        page = await plane.campaigns.page(
            status=query.status, limit=query.limit, continuation=query.continuation
        )
    except ValueError as error:
        raise Problem(400, "continuation is not one of ours") from error
    found = [_line(campaign) for campaign in page.promises]
    return ok(answers.CampaignPage(campaigns=found, continuation=page.continuation or None))


async def get_campaign(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Show how far a campaign is, and a page of whom it calls: `?status=waiting|busy|...`."""
    query = read_query(request, inputs.TARGETS_QUERY)
    campaign = await plane.campaigns.get(request.params["campaign_id"])
    if campaign is None:
        raise Problem(404, "no such campaign")
    after = -1
    if query.continuation:
        if not query.continuation.isdecimal() or len(query.continuation) > 9:
            raise Problem(400, "continuation is not one of ours")
        after = int(query.continuation)
    found = await plane.targets.page(
        campaign.id, status=_stored(query.status, campaign), limit=query.limit + 1, after=after
    )
    page = found[: query.limit]
    counts = await plane.targets.counts(campaign.id)
    shown: answers.CampaignShown = {
        **_line(campaign),
        "concurrency": campaign.concurrency,
        "pace_seconds": campaign.pace_s,
        "hours": str(campaign.hours) if campaign.hours else None,
        "attempts": campaign.attempts,
        "retry_minutes": {missed: s / 60 for missed, s in campaign.retry_s.items()},
        "counts": {_told(status, campaign): count for status, count in counts.items()},
        "targets": [_target(target, campaign) for target in page],
        "continuation": str(page[-1].n) if len(found) > len(page) else None,
    }
    return ok(shown)


async def pause(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Ring nobody else until it is resumed; calls under way go on."""
    return await _become("paused", request, plane, durable)


async def resume(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Go on with a paused campaign."""
    return await _become("running", request, plane, durable)


async def cancel(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Ring nobody else, for good; calls under way go on."""
    return await _become("cancelled", request, plane, durable)


async def _become(
    status: CampaignStatus, request: Request, plane: Plane, durable: Orchestrations
) -> Reply:
    def how(campaign: Campaign) -> Campaign:
        if campaign.status in (status, "done", "cancelled"):
            return campaign
        return replace(campaign, status=status)

    campaign = await change(request.params["campaign_id"], plane, how)
    if campaign is None:
        raise Problem(404, "no such campaign")
    if campaign.status != status:
        raise Problem(409, f"it is {campaign.status}")
    await orders.wake_promise("campaign", campaign.id, durable)
    return ok(_line(campaign))


# --- how an order is read -------------------------------------------------------------------------


def _ordered(campaign_id: str, body: inputs.CampaignOrder, plane: Plane) -> Campaign:
    _need_allowed(body, plane.settings.outbound_rules)
    try:
        snapshot = plane.snapshot(body.scenario or plane.settings.agent_scenario)
    except LookupError as error:
        raise Problem(400, "scenario: unknown") from error
    retry = body.retry_minutes
    return Campaign(
        id=campaign_id,
        name=body.name,
        scenario=snapshot.scenario.name,
        asked_at=plane.clock(),
        size=len(body.targets),
        concurrency=body.concurrency,
        pace_s=body.pace_seconds,
        attempts=body.attempts,
        hours=_hours(body.hours),
        retry_s={
            "busy": retry.busy * 60,
            "no_answer": retry.no_answer * 60,
            "voicemail": retry.voicemail * 60,
            "declined": retry.declined * 60,
            "failed": retry.failed * 60,
        },
    )


def _need_allowed(body: inputs.CampaignOrder, rules: Rules) -> None:
    """Make sure that every number may be called, and is there once. Raises Problem."""
    numbers = [each.number for each in body.targets]
    refusals = [(n, rules.refusal(number)) for n, number in enumerate(numbers)]
    wrong = [f"targets.{n}.number: {refusal}" for n, refusal in refusals if refusal]
    if wrong:
        raise Problem(403, _few(wrong))
    first = {number: n for n, number in reversed(list(enumerate(numbers)))}
    twice = [f"targets.{n}.number: the same as targets.{first[number]}"
             for n, number in enumerate(numbers) if first[number] != n]  # fmt: skip
    if twice:
        raise Problem(409, _few(twice))


def _few(reasons: list[str]) -> str:
    more = len(reasons) - MAX_REASONS
    return "; ".join(reasons[:MAX_REASONS]) + (f"; and {more} more" if more > 0 else "")


def _hours(text: str) -> Hours | None:
    try:
        return hours_of(text) if text else None
    except Wrong as wrong:
        raise Problem(400, f"hours: {wrong.reason}. {wrong.remedy}") from wrong


def _targets(
    campaign: Campaign, body: inputs.CampaignOrder, rules: Rules, now: float
) -> Iterator[Target]:
    """Make the targets; what one says of the call goes before what is common. Raises Problem."""
    for n, each in enumerate(body.targets):
        window = window_of(campaign, each.number, rules)
        if window is None:
            raise Problem(409, f"targets.{n}: never called within hours, by its country's rule")
        yield Target(
            campaign_id=campaign.id,
            n=n,
            number=each.number,
            topic=each.topic or body.topic,
            task=each.task or body.task,
            context={**body.context, **each.context},
            next_at=window.next(now),
        )


# --- how it is shown ------------------------------------------------------------------------------


def _line(campaign: Campaign) -> answers.CampaignLine:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "scenario": campaign.scenario,
        "size": campaign.size,
        "started_at": campaign.asked_at,
        "ended_at": campaign.ended_at,
    }


def _target(target: Target, campaign: Campaign) -> answers.TargetShown:
    status = _told(target.status, campaign)
    return {
        "n": target.n,
        "number": masked(target.number),
        "topic": target.topic,
        "status": status,
        "next_at": target.next_at if status == "waiting" else None,
        "attempts": [answers.attempt_shown(each) for each in target.attempts],
    }


def _told(status: TargetStatus, campaign: Campaign) -> answers.TargetTold:
    """Say of those who still wait for a cancelled campaign that they are not called any more."""
    return "cancelled" if status == "waiting" and campaign.status == "cancelled" else status


def _stored(told: str, campaign: Campaign) -> str:
    """Return how the store names a status; one that nobody has for what can not be here."""
    if campaign.status != "cancelled":
        return told
    return {"cancelled": "waiting", "waiting": "nobody"}.get(told, told)
