"""The recordings of one call: begun, told of, ended with it, kept and published."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from localdev.acs_simulator import happenings as h
from localdev.acs_simulator.bodies import StartRecording
from localdev.acs_simulator.eventgrid import GridPublisher
from localdev.acs_simulator.events import grid_event
from localdev.acs_simulator.line import Line
from localdev.acs_simulator.recordings import (
    Recording,
    RecordingState,
    duplicate,
    file_status,
    keep,
    not_started,
    recording_event,
)
from localdev.acs_simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from localdev.acs_simulator.call import Call


class RecordingDesk:
    """Has every recording that its call ever had; one is live at most."""

    def __init__(
        self,
        call: Call,
        settings: SimulatorSettings,
        grid: GridPublisher,
        raise_: Callable[[h.Raise], None],
    ) -> None:
        self.recordings: list[Recording] = []
        self._call = call
        self._settings = settings
        self._grid = grid
        self._raise = raise_
        self._publishing: set[asyncio.Task[None]] = set()

    def start(self, body: StartRecording, line: Line) -> Recording:
        """Begin to record. Raises `ServiceError`."""
        if self._call.faults.has("recording_fail"):
            raise not_started()
        if any(not recording.over for recording in self.recordings):
            raise duplicate()
        recording = Recording(
            call_id=self._call.id,
            container_url=body.external_storage.recording_destination_container_url,
            channels=body.recording_channel_type,
            rate=line.rate,
            clock=self._call.clock,
            tell=lambda recording: self._changed(recording, body.recording_state_callback_uri),
        )
        if not body.pause_on_start:
            recording.state = RecordingState.ACTIVE
        self.recordings.append(recording)
        line.taps.append(recording)
        recording.begin()
        return recording

    def stop(self) -> None:
        """End what is live: the call is over."""
        for recording in self.recordings:
            recording.stop()

    async def published(self) -> None:
        """Return when every file was written and told of."""
        if self._publishing:
            await asyncio.wait(self._publishing)

    def _changed(self, recording: Recording, callback: str | None) -> None:
        self._call.timeline.note("recording", state=recording.state, over=recording.over)
        if callback is not None:
            data = recording_event(recording, ids=self._call.ids())
            operation = h.Operation(callback=callback)
            self._raise(h.Raise(type="RecordingStateChanged", operation=operation, data=data))
        if recording.over:
            self._publishing.add(self._call.tasks.spawn(self._publish(recording)))

    async def _publish(self, recording: Recording) -> None:
        """Write the file, then tell where it is."""
        settings = self._settings
        if settings.recordings_dir is None:
            return
        await keep(recording, settings.recordings_dir)
        if self._call.faults.has("recording_no_file") or not settings.functions_base_url:
            return
        subject, data = file_status(recording, server_call_id=self._call.server_call_id)
        event = grid_event(
            "RecordingFileStatusUpdated",
            subject,
            data,
            resource_id=settings.resource_id,
            time=self._call.clock.wall(self._call.clock.now_ms()),
            schema=settings.grid_schema,
        )
        function = settings.recording_function
        await self._grid.deliver(event, settings.grid_schema, self._call.timeline, function)
