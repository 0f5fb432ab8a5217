"""What a supervisor may do with a live call beside ending it: whisper to its agent, take it over.

Both are facts of the call's log first; the relay hears of them with its heartbeat, and another
relay finds them in the log.
"""

from __future__ import annotations

import uuid

from adapters import orders
from adapters.archive import whole_log
from adapters.plane import Plane
from api import answers, inputs
from api.http import Problem, Reply, Request, ok, read_body
from core import facts as f
from core.call import CallState, Phase, fold
from core.call_store import NewFact, StoredCall
from core.control_ports import Orchestrations

SOURCE = "api"
OWN = "supervisor"  # the target of one who takes over himself


async def whisper(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Give the agent a note that it takes into account in its next turn, and never reads out."""
    body = read_body(request, inputs.WHISPER_ORDER)
    call, _ = await _live(request, plane)
    note = f.Whispered(id=uuid.uuid4().hex, text=body.text.strip(), by=body.name.strip())
    fact = NewFact(source=SOURCE, source_id=note.id, fact=note)
    await orders.append(call, [fact], plane, durable)
    return ok(answers.Whispering(call_id=call.call_id, id=note.id, status="whispering"), 202)


async def take_over(request: Request, plane: Plane, durable: Orchestrations) -> Reply:
    """Have the caller connected to a named destination, or to the supervisor himself."""
    body = read_body(request, inputs.TAKE_OVER_ORDER)
    address = _address(body.to, plane)
    call, state = await _live(request, plane)
    if state.phase is not Phase.TALKING:
        raise Problem(409, "the call is not in a conversation now")
    wish = f.TransferRequested(
        request_id=f"supervisor-{uuid.uuid4().hex[:16]}",
        target=OWN if address else body.to,
        address=address,
        summary=body.summary.strip(),
        by="supervisor",
    )
    fact = NewFact(source=SOURCE, source_id=wish.request_id, fact=wish)
    await orders.append(call, [fact], plane, durable)
    return ok(
        answers.TakingOver(call_id=call.call_id, id=wish.request_id, status="transferring"), 202
    )


def _address(to: str, plane: Plane) -> str:
    """Return where the supervisor himself is; empty for a name, which the settings know."""
    settings = plane.settings
    if to.startswith("+"):
        refusal = settings.outbound_rules.refusal(to)
        if refusal is not None:
            raise Problem(403, f"to: {refusal}")
        return to
    if to.startswith("8:"):
        if to.startswith(f"8:acs:{settings.acs_resource_id}_"):
            return to
        raise Problem(403, "to: not a user of our own resource")
    if to not in settings.transfer_targets:
        known = ", ".join(sorted(settings.transfer_targets)) or "none"
        raise Problem(404, f"to: no such name; known: {known}")
    return ""


async def _live(request: Request, plane: Plane) -> tuple[StoredCall, CallState]:
    call = await plane.store.call(request.params["call_id"])
    if call is None:
        raise Problem(404, "no such call")
    log = await whole_log(call.call_id, plane.store, life_only=True)
    state = fold(CallState(call_id=call.call_id), log)
    if call.ended_at is not None or state.phase in (Phase.ENDING, Phase.ENDED):
        raise Problem(409, "the call has ended")
    return call, state
