"""Who calls again: found by number when a relay takes the call, and told to its agent."""

from __future__ import annotations

from adapters.archive import whole_log
from adapters.plane import Plane
from api import promised_calls
from core import facts as f
from core.briefing import planned_briefing, returning_briefing
from core.call_store import NewFact, StoredCall

PERSONAL = ("+", "8:")  # a telephone number, a user; "anonymous" is nobody
MAX_EARLIER = 3


async def brief(
    call: StoredCall, log: tuple[f.LogEntry, ...], plane: Plane
) -> tuple[f.LogEntry, ...]:
    """Put into a new call's log what its agent should know of earlier ones; return the entries.

    It is done here because the agent's first words need it, and a ringing phone does not.
    """
    minutes = plane.settings.returning_caller_minutes
    begun = any(isinstance(entry.fact, f.SessionOpened) for entry in log)
    if begun or not minutes or call.direction is f.Direction.OUTBOUND:
        return ()
    if not call.caller.startswith(PERSONAL):
        return ()
    facts = {"earlier": await _earlier(call, plane), "planned": await _planned(call, plane)}
    new = [
        NewFact(source="returning", source_id=name, fact=fact)
        for name, fact in facts.items()
        if fact is not None
    ]
    return await plane.store.append(call.call_id, new) if new else ()


async def _earlier(call: StoredCall, plane: Plane) -> f.Briefed | None:
    settings, now = plane.settings, plane.clock()
    window = settings.returning_caller_minutes * 60
    since = now - window - settings.limits.duration_s
    for earlier in await plane.store.calls_of(call.caller, since=since, limit=MAX_EARLIER + 1):
        ended_at = earlier.ended_at or max(earlier.seen_at, earlier.created_at)
        if earlier.call_id == call.call_id or now - ended_at > window:
            continue
        entries = await whole_log(earlier.call_id, plane.store)
        briefed = returning_briefing(entries, now - ended_at)
        if briefed is not None:
            return briefed
    return None


async def _planned(call: StoredCall, plane: Plane) -> f.Briefed | None:
    planned = await promised_calls.planned(call, plane)
    if not planned:
        return None
    window = plane.settings.outbound_rules.window(call.caller)
    first = sorted(planned, key=lambda each: each.next_at)
    return planned_briefing([(window.local(each.next_at), each.topic) for each in first])
