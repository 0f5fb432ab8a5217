"""The carrier has written a recording: where its files are becomes part of the call's record."""

from __future__ import annotations

import logging

from adapters.archive import archive
from adapters.plane import Plane
from adapters.recordings import call_of
from core.acs_recordings import RecordedFiles, blob_name
from core.call_store import NewFact
from core.facts import RecordingKept

log = logging.getLogger("artvoice.calls")


class Early(Exception):
    """The event came before we had noted that the recording began: it must be told again."""


async def kept(files: RecordedFiles, plane: Plane) -> None:
    """Note the files of a recording; a second delivery notes nothing. Raises to be told again."""
    call_id = await call_of(files.recording_id, plane.blobs)
    container = plane.settings.recordings_container
    if not call_id and any(blob_name(chunk.location, container) for chunk in files.chunks):
        # It was written for us: whose it is will be known once the start's answer has been noted.
        raise Early("a recording in our container is not known yet")
    call = await plane.store.call(call_id) if call_id else None
    if call is None:
        log.warning("a recording belongs to no call that is kept")
        return
    facts = [
        NewFact(
            source="recording",
            source_id=chunk.id,
            fact=RecordingKept(
                name=blob_name(chunk.location, container),
                index=chunk.index,
                ms=files.ms,
                reason=chunk.reason,
            ),
        )
        for chunk in files.chunks
    ]
    await plane.store.append(call.call_id, facts)
    if (await plane.store.call(call.call_id) or call).ended_at is not None:
        await archive(call.call_id, plane)
