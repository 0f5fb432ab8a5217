"""What people may ask about calls, and that one be ended."""

from __future__ import annotations

from typing import cast

from adapters import orders
from adapters.archive import whole_log
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_body, read_query
from core.control_ports import NewFact, Orchestrations, StoredCall
from core.facts import HangUpRequested
from core.record import call_record, masked

ENDED = {"": None, "live": False, "ended": True}


async def list_calls(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """List calls, newest first: `?status=live|ended&limit=&continuation=`."""
    query = read_query(request, inputs.CALLS_QUERY)
    try:
        page = await plane.store.calls(
            limit=query.limit, continuation=query.continuation, ended=ENDED[query.status]
        )
    except ValueError as error:
        raise Problem(400, "continuation is not one of ours") from error
    calls = [_line(call) for call in page.calls]
    return ok(answers.CallPage(calls=calls, continuation=page.continuation or None))


async def get_call(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Show a call: outcome, turns, tools, handoffs, and a timeline of its life."""
    call = await _call(request.params["call_id"], plane)
    record = call.record
    if record is None:
        record = call_record(call.call_id, await whole_log(call.call_id, plane.store))
    return ok(cast(answers.CallShown, {**record, **_line(call)}))


async def get_log(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Show what a call's record is made of, oldest first: `?after=&limit=`."""
    call = await _call(request.params["call_id"], plane)
    query = read_query(request, inputs.LOG_QUERY)
    page = await plane.store.log(call.call_id, after=query.after, limit=query.limit)
    shown = answers.LogPage(call_id=call.call_id, entries=tuple(page.entries), more=page.more)
    return Reply(body=answers.LOG_PAGE.dump_json(shown))


async def hang_up(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """End a call for everyone; the call id comes with the path or the body."""
    body = read_body(request, inputs.HANG_UP_ORDER)
    call = await _call(request.params.get("call_id") or body.call_id, plane)
    if call.ended_at is not None:
        raise Problem(409, "the call has ended")
    fact = HangUpRequested(by="api", reason=body.reason)
    asked = NewFact(source="api", source_id="hang_up", fact=fact)
    await orders.append(call, [asked], plane, durable)
    return ok(answers.Terminating(call_id=call.call_id, status="terminating"), 202)


def _line(call: StoredCall) -> answers.CallLine:
    record = call.record or {}
    return {
        "call_id": call.call_id,
        "status": "live" if call.ended_at is None else "ended",
        "direction": call.direction,
        "caller": masked(call.caller),
        "called": masked(call.called),
        "scenario": call.scenario,
        "started_at": call.created_at,
        "ended_at": record.get("ended_at"),
        "outcome": record.get("outcome"),
        "ended_by": record.get("ended_by") or None,
    }


async def _call(call_id: str, plane: Plane) -> StoredCall:
    call = await plane.store.call(call_id)
    if call is None:
        raise Problem(404, "no such call")
    return call
