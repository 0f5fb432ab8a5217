"""How a promised call is kept as a document, before the call's log says that it was promised."""

from __future__ import annotations

from adapters.plane import Plane
from core.call_store import StoredCall
from core.callbacks import Callback
from core.facts import CallbackRequested
from core.promises import promise_id

DAY_S = 24 * 3600.0


async def keep(call: StoredCall, fact: CallbackRequested, plane: Plane) -> str:
    """Keep a promise made in this call, once; return its id."""
    rules = plane.settings.outbound_rules
    window = rules.window(call.person)
    now = plane.clock()
    promised = Callback(
        id=promise_id(call.call_id, "callback", fact.request_id),
        call_id=call.call_id,
        request_id=fact.request_id,
        number=call.person,
        scenario=call.scenario,
        agent=fact.agent,
        topic=fact.topic,
        asked_at=now,
        at=fact.at,
        next_at=window.next(min(max(fact.at, now), now + rules.farthest_days * DAY_S)),
    )
    return (await plane.callbacks.keep(promised)).id
