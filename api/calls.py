"""What people may ask about calls, and that one be ended."""

from __future__ import annotations

from typing import Any, cast

from adapters import orders
from adapters.archive import whole_log
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_body, read_query
from api.pieces import MOST, piece_given, piece_wanted, whole
from core.call_store import NewFact, StoredCall
from core.control_ports import Orchestrations
from core.facts import HangUpRequested
from core.record import call_record, masked
from core.transcript import markdown

JSON, MARKDOWN = "application/json", "text/markdown"
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
    record = await _record(call, plane)
    return ok(cast(answers.CallShown, {**record, **_line(call)}))


async def get_transcript(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Give a call as people read it (`Accept: text/markdown`), or its record's words as JSON."""
    call = await _call(request.params["call_id"], plane)
    record = await _record(call, plane)
    if call.ended_at is not None and not plane.settings.keep_transcript:
        raise Problem(404, "words are not kept (KEEP_TRANSCRIPT)")
    if _wants_markdown(request.headers.get("accept", "")):
        return Reply(body=markdown(record).encode(), content_type="text/markdown")
    shown = {name: record.get(name) for name in answers.Transcript.__annotations__}
    return ok(cast(answers.Transcript, shown))


async def get_recording(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Give the (first) file of a call's recording, or the piece of it that `Range` asks for."""
    call = await _call(request.params["call_id"], plane)
    files = ((await _record(call, plane)).get("recording") or {}).get("files") or []
    names = [file["name"] for file in files if file["name"]]
    wanted = piece_wanted(request.headers.get("range", ""))
    first, most = wanted or (0, MOST)
    piece = await plane.blobs.piece(names[0], first, most) if names else None
    if piece is None:
        raise Problem(404, "there is no recording, or not yet; the call's record says which")
    return piece_given(piece, first) if wanted else whole(piece)


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


async def _record(call: StoredCall, plane: Plane) -> dict[str, Any]:
    if call.record is not None:
        return call.record
    live = call_record(call.call_id, await whole_log(call.call_id, plane.store))
    return {**live, "scenario": call.scenario}


def _wants_markdown(accept: str) -> bool:
    """Whether Markdown stands before JSON among what a client takes."""
    wanted = [each.partition(";")[0].strip() for each in accept.split(",")]
    first = next((each for each in wanted if each in (MARKDOWN, "text/plain", JSON)), JSON)
    return first != JSON


async def _call(call_id: str, plane: Plane) -> StoredCall:
    call = await plane.store.call(call_id)
    if call is None:
        raise Problem(404, "no such call")
    return call
