"""How each command of a call becomes a request to the carrier or to the store."""

from __future__ import annotations

from typing import assert_never

from activities import recording
from activities.carrying import carried_out, done, once
from adapters import orders, promising
from adapters.archive import archive
from adapters.plane import Plane
from core import call as c
from core import facts as f
from core.attempts import RETRY_S
from core.call_store import NewFact, StoredCall, UnknownCall
from core.carrier import CarrierError
from core.control_ports import Orchestrations
from core.promises import promise_id
from core.session import Directive, LiveCall

SOURCE = "command"
APOLOGY = "apology"
PROMISE = "promise"
PROMPTS = {"say_busy": "busy", "reassure": "moment"}


async def perform(call_id: str, command: c.Command, plane: Plane, durable: Orchestrations) -> None:
    """Do a command and log what came of it; one that is in the log is not done again."""
    if await plane.store.find(call_id, SOURCE, command.id):
        return
    call = await plane.store.call(call_id)
    if call is None:
        raise UnknownCall(call_id)
    began = plane.clock()
    fact = await _outcome(call, command, plane, durable)
    plane.measured(call_id, f"command {command.name}", began, getattr(fact, "outcome", "ok"))
    await plane.store.append(call_id, [NewFact(source=SOURCE, source_id=command.id, fact=fact)])


async def _outcome(  # noqa: C901, PLR0912 one row per command
    call: StoredCall, command: c.Command, plane: Plane, durable: Orchestrations
) -> f.Fact:
    match command:
        case c.Reconcile():
            return await _reconcile(call, command, plane)
        case c.Archive():
            await archive(call.call_id, plane)
            await orders.wrap_up(call.call_id, durable)
            await _tell_campaign(call, plane, durable)
            return done(command)
        case c.TellRelay(directive=kind, ref=ref):
            directive_id = f"{call.call_id}:{command.id}"
            directive = Directive(id=directive_id, call_id=call.call_id, kind=kind, ref=ref)
            await plane.store.direct(directive)
            return done(command)
        case c.StartPromise(promise=kind, request_id=request):
            promised = promise_id(call.call_id, kind, request)
            await durable.begin(kind, promised, {"id": promised})
            return done(command)
        case c.StartMedia():
            return await carried_out(command, plane.calls.start_media(call.connection_id))
        case c.Wake():
            woken = await plane.door.ready(c.TRY_S)
            return done(command, "ok" if woken else "failed")
        case c.HangUp():
            if not call.connection_id:
                return done(command, "failed", "no leg yet")
            asked = plane.calls.hang_up(call.connection_id, await once(call, command, plane))
            return await carried_out(command, asked)
        case c.Transfer():
            await _transfer(call, command, durable)
            return done(command)
        case c.WakePromise(promise=kind, request_id=request):
            await durable.poke(promise_id(call.call_id, kind, request))
            return done(command)
        case c.StartRecording() | c.PauseRecording() | c.ResumeRecording() | c.StopRecording():
            return await recording.perform(call, command, plane)
        case c.Apologise():
            return await _apologise(call, command, plane)
        case c.SayBusy() | c.Reassure():
            return await _play(call, command, PROMPTS[command.name], plane)
        case _:
            assert_never(command)


async def _tell_campaign(call: StoredCall, plane: Plane, durable: Orchestrations) -> None:
    """Let the campaign that wanted this call go on; it would find the end by itself, later."""
    if call.direction is f.Direction.OUTBOUND:
        entry = await plane.store.find(call.call_id, "order", "campaign")
        if entry is not None and isinstance(entry.fact, f.CampaignCall):
            await orders.wake_promise("campaign", entry.fact.campaign_id, durable)


async def _transfer(call: StoredCall, command: c.Transfer, durable: Orchestrations) -> None:
    """Have the transfer's own orchestration live; it asks the carrier, and looks what comes."""
    transfer = promise_id(call.call_id, "transfer", command.request_id)
    await durable.begin("human_transfer", transfer, {"id": transfer})


async def _play(
    call: StoredCall, command: c.Command, prompt: str, plane: Plane, *, context: str = ""
) -> f.Fact:
    url = plane.prompt_url(prompt)
    asked = plane.calls.play(call.connection_id, url, context or prompt)
    return await carried_out(command, asked)


async def _apologise(call: StoredCall, command: c.Apologise, plane: Plane) -> f.Fact:
    """Say that nobody can speak with the caller; promise to call him back, if we may."""
    may = plane.settings.outbound_rules.allow(call.person)
    if call.direction is f.Direction.OUTBOUND or not may:
        return await _play(call, command, APOLOGY, plane)
    at = plane.clock() + RETRY_S["failed"]
    fact = f.CallbackRequested(request_id=APOLOGY, at=at, topic="your call, which nobody took")
    await promising.keep(call, fact, plane)
    promised = NewFact(source=SOURCE, source_id=f"{command.id}.promise", fact=fact)
    await plane.store.append(call.call_id, [promised])
    return await _play(call, command, PROMISE, plane, context=APOLOGY)


async def _reconcile(call: StoredCall, command: c.Reconcile, plane: Plane) -> f.Fact:
    limits = plane.settings.limits
    now = plane.clock()
    if not call.connection_id:
        rung_out = now - call.created_at >= limits.ring_s
        return f.Reconciled(state=f.LegState.GONE if rung_out else f.LegState.CONNECTING)
    try:
        leg = await plane.calls.leg(call.connection_id)
    except CarrierError as error:
        return done(command, "failed", error.code)
    return f.Reconciled(state=leg, attended=await _attended(call, now, plane))


async def _attended(call: StoredCall, now: float, plane: Plane) -> bool:
    """Whether a relay has lately told of this call, or said that it has it."""
    since = now - plane.settings.limits.unattended_s
    if call.seen_at > since:
        return True
    live = LiveCall(call_id=call.call_id, epoch=call.epoch)
    return any(live in relay.calls for relay in await plane.store.relays(seen_after=since))
