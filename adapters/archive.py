"""Writes what stays of a call, record and transcript, and lets go of calls that stayed too long."""

from __future__ import annotations

import json

from adapters.plane import Plane
from core.control_ports import CallStore, UnknownCall
from core.facts import LogEntry
from core.record import call_record, transcript, without_words

DAY_S = 86_400


async def whole_log(call_id: str, store: CallStore) -> tuple[LogEntry, ...]:
    """Return every entry of a call's log."""
    entries: list[LogEntry] = []
    more = True
    while more:
        page = await store.log(call_id, after=entries[-1].n if entries else 0)
        entries += page.entries
        more = page.more
    return tuple(entries)


async def archive(call_id: str, plane: Plane) -> None:
    """Write record and transcript; writing them again gives the same. Raises UnknownCall.

    Then calls older than `RETENTION_DAYS` go: the end of a call is when there is work anyway.
    """
    call = await plane.store.call(call_id)
    if call is None:
        raise UnknownCall(call_id)
    record = {
        **call_record(call_id, await whole_log(call_id, plane.store)),
        "scenario": call.scenario,
        "scenario_sha": call.scenario_sha,
        "retention_days": plane.settings.retention_days,
    }
    keep_words = plane.settings.keep_transcript
    if keep_words:
        as_data, as_text = _transcripts(call_id)
        content = json.dumps(record, indent=2).encode()
        await plane.blobs.put(as_data, content, "application/json")
        await plane.blobs.put(as_text, transcript(record).encode(), "text/markdown")
    else:
        record = without_words(record)
    # Last, because it marks the call as ended: all of the above is there when it says so.
    await plane.store.finish(call_id, record, keep_words=keep_words)
    await _forget_old(plane)


async def _forget_old(plane: Plane) -> None:
    """Delete what may not stay any longer; the files first, for only the store knows of them."""
    before = plane.clock() - plane.settings.retention_days * DAY_S
    old = await plane.store.expired(ended_before=before)
    for call_id in old:
        for name in _transcripts(call_id):
            await plane.blobs.delete(name)
    if old:
        await plane.store.forget(old)
        await plane.approvals.forget(old)
        await plane.callbacks.forget(old)


def _transcripts(call_id: str) -> tuple[str, str]:
    name = f"transcripts/{call_id}"
    return f"{name}.json", f"{name}.md"
