"""Recording at the carrier: its id is looked up in the log, so that commands hold none."""

from __future__ import annotations

from typing import assert_never

from activities.carrying import carried_out, done, once, refused
from adapters.plane import Plane
from adapters.recordings import file_of, index_of
from core import call as c
from core import facts as f
from core.call_store import StoredCall
from core.carrier import CarrierError, RecordTo


async def perform(call: StoredCall, command: c.RecordingCommand, plane: Plane) -> f.Fact:
    """Carry out a command about the call's recording."""
    if isinstance(command, c.StartRecording):
        return await _start(call, command, plane)
    recording = await _recording(call, plane)
    if not recording:
        # It never began: nothing can be recorded, so nothing must be stopped or left out.
        stop = isinstance(command, c.StopRecording)
        return done(command, "gone") if stop else done(command, "failed", "no recording")
    match command:
        case c.PauseRecording():
            return await carried_out(command, plane.calls.pause_recording(recording))
        case c.ResumeRecording():
            return await carried_out(command, plane.calls.resume_recording(recording))
        case c.StopRecording():
            return await carried_out(command, plane.calls.stop_recording(recording))
        case _:
            assert_never(command)


async def _start(call: StoredCall, command: c.StartRecording, plane: Plane) -> f.Fact:
    container = plane.settings.recordings_container
    if not plane.settings.keep_audio or not container:
        return done(command, "failed", "KEEP_AUDIO is off")
    callback = plane.links(call.call_id).callback_url
    where = RecordTo(container_url=container, callback_url=callback)
    try:
        recording = await plane.calls.start_recording(
            call.connection_id, where, await once(call, command, plane), paused=command.paused
        )
    except CarrierError as error:
        return refused(command, error)
    # Before the fact: whoever asks later whose file it is must find an answer.
    await plane.blobs.put(index_of(recording), file_of(call.call_id), "application/json")
    return f.RecordingStarted(recording_id=recording, paused=command.paused)


async def _recording(call: StoredCall, plane: Plane) -> str:
    after = 0
    while True:
        page = await plane.store.log(call.call_id, after=after, life_only=True)
        for entry in page.entries:
            if isinstance(entry.fact, f.RecordingStarted):
                return entry.fact.recording_id
        if not page.more:
            return ""
        after = page.entries[-1].n
