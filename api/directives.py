"""What a relay is to do with its calls: found, and given the words it needs.

A directive is kept without words. They are looked up when it is handed out: in the call's log, or
in the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from adapters.archive import whole_log
from adapters.plane import Plane
from core import facts as f
from core import transfers
from core.session import Directive


async def waiting(call_ids: Sequence[str], plane: Plane) -> tuple[Directive, ...]:
    """Return what waits for these calls."""
    found = await plane.store.directives(call_ids)
    return tuple([await _whole(each, plane) for each in found])


async def _whole(directive: Directive, plane: Plane) -> Directive:
    """Give a directive the fact or the words it is about."""
    match directive.kind:
        case "end" | "time_is_short":
            return directive
        case "approval_decided":
            entry = await plane.store.find(directive.call_id, "approval", directive.ref)
            decided = entry.fact if entry and isinstance(entry.fact, f.ApprovalDecided) else None
            return replace(directive, decided=decided)
        case "whisper":
            entry = await plane.store.find(directive.call_id, "api", directive.ref)
            whispered = entry.fact if entry and isinstance(entry.fact, f.Whispered) else None
            return replace(directive, whispered=whispered)
        case "announce" | "consult" | "transfer_failed":
            return replace(directive, text=await _words(directive, plane))
        case _:
            assert_never(directive.kind)


async def _words(directive: Directive, plane: Plane) -> str:
    log = await whole_log(directive.call_id, plane.store, life_only=True)
    facts = [e.fact for e in log if getattr(e.fact, "request_id", "") == directive.ref]
    request = next((fact for fact in facts if isinstance(fact, f.TransferRequested)), None)
    match directive.kind:
        case "announce":
            to = plane.destination(request) if request else None
            return (to.announcement if to else "") or transfers.TAKING_OVER
        case "consult":
            return transfers.briefing(request.summary if request else "")
        case _:
            failed = next((x for x in facts if isinstance(x, f.TransferFailed)), None)
            return transfers.why(failed.code, failed.sub_code) if failed else "no_answer"
