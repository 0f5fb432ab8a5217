"""What a transfer needs: to be announced, tried, looked after, and taken back if nobody answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, assert_never

from adapters import orders
from adapters.archive import whole_log
from adapters.plane import Plane
from core import facts as f
from core import transfers as t
from core.call_store import NewFact, StoredCall
from core.carrier import CarrierError, Invitee, Once, Trouble
from core.control_ports import Orchestrations
from core.destinations import Destination
from core.promises import Wait, promise_id, request_of
from core.session import Directive, DirectiveKind

log = logging.getLogger("artvoice.transfers")

SOURCE = "transfer"
MUSIC = "hold"
# Without these the caller stays where nobody speaks to him: tried until they are done.
PATIENT = frozenset({"withdraw", "unhold", "leave"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One transfer at one moment: whose it is, how far it is, whom it goes to."""

    call: StoredCall
    request: str
    it: t.Progress
    to: Destination
    plane: Plane
    durable: Orchestrations

    @property
    def id(self) -> str:
        """The name of its orchestration, which the carrier's events carry too."""
        return promise_id(self.call.call_id, "transfer", self.request)

    def once(self, step: str) -> Once:
        return Once(key=f"{self.id}:{step}", at=self.it.asked_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a step: a word, the carrier's name for it, and facts besides."""

    code: str = ""
    ref: str = ""
    facts: tuple[f.Fact, ...] = ()


async def review(transfer_id: str, plane: Plane, durable: Orchestrations) -> dict[str, Any]:
    """Do what is due; return when to look again: `{"again": epoch seconds, or None: never}`.

    Two reviews at once do no harm: requests carry keys, facts names, and the rest converges.
    """
    call_id, request = transfer_id.partition(":")[0], request_of(transfer_id)
    while True:
        call = await plane.store.call(call_id)
        if call is None:
            return {"again": None}
        entries = await whole_log(call_id, plane.store, life_only=True)
        it = t.progress(call_id, request, entries)
        to = plane.destination(it.request) if it.request else None
        usual_s = plane.settings.call_transfer_seconds
        step = t.next_step(it, to, plane.clock(), usual_s)
        if isinstance(step, Wait):
            return {"again": step.until}
        if step == "over":
            return {"again": None}
        nobody = Destination(name="", address="")
        each = Transfer(
            call=call, request=request, it=it, to=to or nobody, plane=plane, durable=durable
        )
        await _do(step, each)


async def _do(step: t.Do, transfer: Transfer) -> None:
    """Carry out a step and put on the record what came of it."""
    if step == "fail":
        await _fail(transfer)
        return
    stepped = f.TransferStepped(request_id=transfer.request, step=step)
    facts: tuple[f.Fact, ...] = ()
    try:
        done = await _done(step, transfer)
    except CarrierError as error:
        if error.trouble is Trouble.UNAVAILABLE and step in PATIENT:
            raise
        gone = error.trouble is Trouble.GONE
        stepped = replace(stepped, outcome="gone" if gone else "failed", code=error.code[:80])
        log.warning("a step of a transfer failed", extra={"step": step, "code": error.code})
        if gone and step != "leave":
            facts = (f.Reconciled(state=f.LegState.GONE),)
    else:
        stepped, facts = replace(stepped, code=done.code, ref=done.ref), done.facts
    await _note(transfer, stepped, *facts)


async def _done(step: t.Do, transfer: Transfer) -> Done:  # noqa: C901 one row per step
    call, to, calls = transfer.call, transfer.to, transfer.plane.calls
    leg = call.connection_id
    match step:
        case "announce" | "consult":
            await _direct(transfer, step)
        case "transfer":
            await calls.transfer(leg, _invitee(transfer), transfer.id, transfer.once(step))
        case "hold":
            await calls.hold(leg, call.person, transfer.plane.prompt_url(MUSIC))
        case "invite":
            seconds = to.seconds or transfer.plane.settings.call_transfer_seconds
            invitation = await calls.invite(
                leg, _invitee(transfer), ring_s=seconds, context=transfer.id,
                once=transfer.once(step),
            )  # fmt: skip
            return Done(ref=invitation)
        case "look":
            return await _look(transfer)
        case "withdraw":
            once = transfer.once(step)
            await calls.withdraw(leg, transfer.it.invitation, to.address, once)
        case "unhold":
            await calls.unhold(leg, call.person)
        case "accept":
            return Done(facts=(f.TransferAccepted(request_id=transfer.request),))
        case "leave":
            await calls.leave(leg)
        case "fail" | "over":
            pass
        case _:
            assert_never(step)
    return Done()


async def _look(transfer: Transfer) -> Done:
    """See who is in the call: an event may be lost, and the caller may have gone."""
    calls, leg = transfer.plane.calls, transfer.call.connection_id
    if transfer.to.kind == "cold":
        gone = await calls.leg(leg) is f.LegState.GONE
        return Done(facts=(f.Reconciled(state=f.LegState.GONE),) if gone else ())
    people = await calls.people(leg)
    here = transfer.to.address in people
    others = people - {transfer.to.address}  # we ourselves, and the caller however he is spelled
    if transfer.call.person not in people and len(others) < 2:
        return Done(facts=(f.HangUpRequested(by="caller", reason="left during a transfer"),))
    if here:
        return Done(code=t.HERE)
    return Done(code=t.LEFT if transfer.it.joined else "")


async def _direct(transfer: Transfer, step: t.Do) -> None:
    kind: DirectiveKind = "consult" if step == "consult" else "announce"
    each = Directive(
        id=f"{transfer.id}:{step}",
        call_id=transfer.call.call_id,
        kind=kind,
        ref=transfer.request,
    )
    await transfer.plane.store.direct(each)


async def _fail(transfer: Transfer) -> None:
    """Give the caller back to his agent, with what is known of the reason."""
    it = transfer.it
    failed = f.TransferFailed(request_id=transfer.request, code=t.LATE)
    if it.refused is not None:
        failed = replace(failed, code=it.refused.code, sub_code=it.refused.sub_code)
    elif it.answered is False or (it.joined and it.answered is None):
        failed = replace(failed, code=t.DECLINED)
    elif any(stepped.outcome != "ok" for stepped, _ in it.done.values()) or not transfer.to.name:
        failed = replace(failed, code=t.IMPOSSIBLE)
    await _note(transfer, failed)


async def _note(transfer: Transfer, *facts: f.Fact) -> None:
    looks = transfer.it.done.get("look")
    at = repr(looks[1]) if looks else ""
    new = []
    for fact in facts:
        step = fact.step if isinstance(fact, f.TransferStepped) else fact.kind
        again = f":{at}" if step == "look" else ""
        name = f"{transfer.request}:{step}{again}"
        new.append(NewFact(source=SOURCE, source_id=name, fact=fact))
    await orders.append(transfer.call, new, transfer.plane, transfer.durable)


def _invitee(transfer: Transfer) -> Invitee:
    request = transfer.it.request
    places = {"call_id": transfer.call.call_id, "summary": request.summary if request else ""}
    return Invitee(address=transfer.to.address, headers=transfer.to.filled(places))
