"""Writes what stays of a call: its record in the store, its transcript among the blobs."""

from __future__ import annotations

import json

from adapters.plane import Plane
from core.control_ports import CallStore, UnknownCall
from core.facts import LogEntry
from core.record import call_record, transcript, without_words


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
    """Write record and transcript; writing them again gives the same. Raises UnknownCall."""
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
        content = json.dumps(record, indent=2).encode()
        name = f"transcripts/{call_id}"
        await plane.blobs.put(f"{name}.json", content, "application/json")
        await plane.blobs.put(f"{name}.md", transcript(record).encode(), "text/markdown")
    else:
        record = without_words(record)
    # Last, because it marks the call as ended: all of the above is there when it says so.
    await plane.store.finish(call_id, record, keep_words=keep_words)
