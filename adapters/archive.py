"""Writes what stays of a call, record and transcript, and lets go of calls that stayed too long."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

from adapters.plane import Plane
from adapters.recordings import index_of
from core.call_store import CallStore, StoredCall, UnknownCall
from core.control_ports import BlobRefused
from core.facts import LogEntry, RecordingKept, RecordingStarted
from core.record import call_record
from core.transcript import markdown
from core.wordless import without_words

log = logging.getLogger("artvoice.calls")

DAY_S = 86_400
TRIES = 5


async def whole_log(
    call_id: str, store: CallStore, *, life_only: bool = False
) -> tuple[LogEntry, ...]:
    """Return every entry of a call's log, or those that its life is made of."""
    entries: list[LogEntry] = []
    more = True
    while more:
        after = entries[-1].n if entries else 0
        page = await store.log(call_id, after=after, life_only=life_only)
        entries += page.entries
        more = page.more
    return tuple(entries)


async def archive(call_id: str, plane: Plane) -> dict[str, Any]:
    """Write record and transcript; writing them again gives the same. Return the record.

    Then calls older than `RETENTION_DAYS` go: the end of a call is when there is work anyway.
    Raises UnknownCall.
    """
    call = await plane.store.call(call_id)
    if call is None:
        raise UnknownCall(call_id)
    for _ in range(TRIES):
        log = await whole_log(call_id, plane.store)
        record = await _write(call, log, plane)
        # Another who writes at the same time may have read less, and be the last to write.
        if not (await plane.store.log(call_id, after=log[-1].n, limit=1)).entries:
            break
    await _forget_old(plane)
    return record


async def _write(call: StoredCall, log: Sequence[LogEntry], plane: Plane) -> dict[str, Any]:
    record = {
        **call_record(call.call_id, log),
        "scenario": call.scenario,
        "scenario_sha": call.scenario_sha,
        "retention_days": plane.settings.retention_days,
    }
    keep_words = plane.settings.keep_transcript
    if keep_words:
        as_data, as_text = transcripts(call.call_id)
        content = json.dumps(record, indent=2).encode()
        await plane.blobs.put(as_data, content, "application/json")
        await plane.blobs.put(as_text, markdown(record).encode(), "text/markdown")
    else:
        record = without_words(record)
    # Last, because it marks the call as ended: all of the above is there when it says so.
    await plane.store.finish(call.call_id, record, keep_words=keep_words)
    return record


async def _forget_old(plane: Plane) -> None:
    """Delete what may not stay any longer; the files first, for only the store knows of them."""
    before = plane.clock() - plane.settings.retention_days * DAY_S
    old = await plane.store.expired(ended_before=before)
    for call_id in old:
        for name in (*transcripts(call_id), analysis(call_id), *await _recorded(call_id, plane)):
            await _delete(name, call_id, plane)
    if old:
        await plane.store.forget(old)
        await plane.approvals.forget(old)
        await plane.callbacks.forget(old)


async def _delete(name: str, call_id: str, plane: Plane) -> None:
    """Delete a file of an old call. What we may not delete must not keep new calls from ending."""
    try:
        await plane.blobs.delete(name)
    except BlobRefused as refused:
        facts = {"call_id": call_id, "file": name, "reason": str(refused)}
        log.error("a file whose time is over may not be deleted", extra=facts)  # noqa: TRY400


async def _recorded(call_id: str, plane: Plane) -> list[str]:
    """Name a call's recordings, and what says that they are its own."""
    facts = [entry.fact for entry in await whole_log(call_id, plane.store)]
    files = [fact.name for fact in facts if isinstance(fact, RecordingKept) and fact.name]
    started = [fact.recording_id for fact in facts if isinstance(fact, RecordingStarted)]
    return [*files, *map(index_of, started)]


def analysis(call_id: str) -> str:
    """Name the file that holds a call without personal data."""
    return f"analysis/{call_id}.json"


def transcripts(call_id: str) -> tuple[str, str]:
    """Name the two files of a call's transcript: JSON, Markdown."""
    name = f"transcripts/{call_id}"
    return f"{name}.json", f"{name}.md"
