"""What relays ask for and report: sessions, events, heartbeats (shapes: `core.session`)."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from adapters import orders
from adapters.archive import archive, whole_log
from adapters.plane import Plane
from adapters.tokens import same, session_token
from api import approvals, directives, promised_calls, returning
from api.http import Problem, Reply, Request, read_body
from core import facts as f
from core import session as s
from core.agents import RecordingRule
from core.call import CallState, Phase, fold
from core.call_store import NewFact, Relay, StoredCall
from core.control_ports import Orchestrations
from core.tools import CallEffect, TransferCall
from core.transfers import MAX_SUMMARY

# Of a call's life a relay may tell only what happens at the relay.
ITS_OWN = (
    f.TalkFact
    | f.MediaDetached
    | f.HandedOff
    | f.TransferRequested
    | f.TransferAnnounced
    | f.ConsultAnswered
    | f.HangUpRequested
    | f.ApprovalRequested
    | f.CallbackRequested
    | f.ConsentDecided
    | f.SecretAwaited
)
TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
RELAY_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
MONITOR = "monitor"  # the orchestration, and its one instance
OVER = sys.maxsize  # after every epoch of a call
WATCHED_S = 5.0  # how often it is made sure of: it may have been about to end

_watched: WeakKeyDictionary[Plane, float] = WeakKeyDictionary()


async def open_session(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Give a call to the relay that has its audio socket."""
    wanted = read_body(request, s.OPEN_SESSION)
    if not RELAY_ID.fullmatch(wanted.relay_id):
        raise Problem(400, "relay_id: not an id")
    call = await _call(request, plane)
    if await plane.store.bind_leg(call.call_id, wanted.connection_id) != wanted.connection_id:
        raise Problem(409, "not this call's leg")
    log = await whole_log(call.call_id, plane.store)
    if fold(CallState(call_id=call.call_id), log).phase is Phase.ENDED:
        raise Problem(409, "the call has ended")
    log = (*log, *await returning.brief(call, log, plane))
    snapshot = await plane.store.snapshot(call.scenario_sha)
    if snapshot is None:
        raise Problem(500, "the call's scenario snapshot is not in the store")
    epoch = await plane.store.open_session(call.call_id, wanted.relay_id)
    await orders.wake(call, plane, durable)
    # The relay may die before its next heartbeat, which is the first to tell of this call.
    await durable.begin(MONITOR, MONITOR, {})
    scenario = s.SCENARIO.validate_json(snapshot)
    session = s.Session(
        call_id=call.call_id,
        epoch=epoch,
        token=session_token(plane.signing_key, call.call_id, epoch),
        scenario=scenario,
        recording=scenario.recording if plane.settings.keep_audio else RecordingRule.OFF,
        leg=s.Leg(
            connection_id=wanted.connection_id,
            direction=call.direction,
            caller=call.caller,
            called=call.called,
        ),
        log=log,
    )
    return Reply(body=s.SESSION.dump_json(session))


async def report(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Keep what a relay reports; acknowledge all that is in the log without a gap."""
    given = read_body(request, s.REPORT)
    call = await _call(request, plane)
    expected = session_token(plane.signing_key, call.call_id, given.epoch)
    if not same(request.headers.get("x-session-token"), expected):
        raise Problem(401, "the session's token is missing or wrong")
    if len(given.events) > s.MAX_REPORTS:
        raise Problem(413, f"at most {s.MAX_REPORTS} reports at once")
    source = f"{call.call_id}/{given.epoch}"
    known = seq = await plane.store.last_seq(call.call_id, source)
    facts: list[NewFact] = []
    for event in sorted(given.events, key=lambda event: event.seq):
        # What is known comes again when a host died before it had done all that follows from it.
        again = event.seq <= known and isinstance(event.fact, f.POKING)
        if again or event.seq == seq + 1:
            seq = max(seq, event.seq)
            facts.append(NewFact(source=source, source_id=str(event.seq), fact=_fact(event.fact)))
    if facts:
        asked = await approvals.keep(call, facts, plane)
        promised = await promised_calls.keep(call, facts, plane, durable)
        await orders.append(call, facts, plane, durable, epoch=given.epoch)
        call = await _call(request, plane)
        if call.ended_at is not None:
            await approvals.begin(asked, durable)
            await promised_calls.begin(promised, durable)
    if given.events and call.ended_at is not None:
        words = any(isinstance(event.fact, f.TalkFact) for event in given.events)
        await _last_words(call.call_id, source, seq, plane, durable, words=words)
    answer = s.Acknowledged(seq=seq, superseded=given.epoch != call.epoch)
    return Reply(body=s.ACKNOWLEDGED.dump_json(answer))


async def _last_words(
    call_id: str, source: str, seq: int, plane: Plane, durable: Orchestrations, *, words: bool
) -> None:
    """Put on the record what came after the end; have it wrapped up too, if it was said."""
    await archive(call_id, plane)
    last = await plane.store.find(call_id, source, str(seq))
    if words and last is not None:
        await orders.wrap_up(call_id, durable, round_=last.n)


def _fact(fact: f.Fact) -> f.Fact:
    if not isinstance(fact, ITS_OWN):
        raise Problem(400, f"a relay does not report {fact.kind}")
    if isinstance(fact, f.TransferRequested):
        return _transfer(fact)
    if isinstance(fact, f.ToolFinished):
        return replace(fact, effects=tuple(_named(effect) for effect in fact.effects))
    if isinstance(fact, f.ApprovalRequested) and not approvals.is_sound(fact):
        raise Problem(400, "approval_requested: not an id, or too much")
    if isinstance(fact, f.CallbackRequested) and not promised_calls.is_sound(fact):
        raise Problem(400, "callback_requested: not an id, or no time")
    return fact


def _transfer(fact: f.TransferRequested) -> f.TransferRequested:
    """Take an agent's request as it may be kept; a relay asks for agents, and for names only."""
    if not approvals.REQUEST_ID.fullmatch(fact.request_id):
        raise Problem(400, "transfer_requested: not an id")
    summary = fact.summary[:MAX_SUMMARY]
    return replace(fact, target=_target(fact.target), summary=summary, by="agent", address="")


def _named(effect: CallEffect) -> CallEffect:
    if isinstance(effect, TransferCall):
        reason, summary = effect.reason[:MAX_SUMMARY], effect.summary[:MAX_SUMMARY]
        return replace(effect, target=_target(effect.target), reason=reason, summary=summary)
    return effect


def _target(name: str) -> str:
    """Return a desk's name. A number, or words: the transfer fails, and the log stays clean."""
    return name if TARGET.fullmatch(name) else "unknown"


async def heartbeat(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Note that a relay lives; tell it what to do with its calls."""
    beat = read_body(request, s.HEARTBEAT)
    relay_id = request.params["relay_id"]
    if not RELAY_ID.fullmatch(relay_id):
        raise Problem(400, "relay_id: not an id")
    await plane.store.acknowledge(beat.acknowledged)
    relay = Relay(
        relay_id=relay_id,
        url=beat.url[:300],
        load=beat.load,
        draining=beat.draining,
        seen_at=plane.clock(),
        calls=beat.calls,
    )
    await plane.store.heartbeat(relay)
    if beat.calls:
        await _watch(plane, durable)
    ends = await _ends(beat.calls, plane)
    over = {end.call_id for end in ends}
    current = [live.call_id for live in beat.calls if live.call_id not in over]
    waiting = await directives.waiting(current, plane)
    answer = s.Directives(directives=(*ends, *waiting))
    return Reply(body=s.DIRECTIVES.dump_json(answer))


async def _watch(plane: Plane, durable: Orchestrations) -> None:
    """Have the monitor live while a relay has calls. It ends by itself when none has any more."""
    now = plane.clock()
    if now - _watched.get(plane, 0.0) >= WATCHED_S:
        _watched[plane] = now
        await durable.begin(MONITOR, MONITOR, {})


async def _ends(calls: Sequence[s.LiveCall], plane: Plane) -> list[s.Directive]:
    """Tell a relay which of its calls are over, or another relay's by now."""
    epochs = await plane.store.epochs([live.call_id for live in calls])
    return [
        s.Directive(id=f"{live.call_id}:end:{live.epoch}", call_id=live.call_id, kind="end")
        for live in calls
        if epochs.get(live.call_id, OVER) > live.epoch
    ]


async def _call(request: Request, plane: Plane) -> StoredCall:
    call = await plane.store.call(request.params["call_id"])
    if call is None:
        raise Problem(404, "no such call")
    return call
