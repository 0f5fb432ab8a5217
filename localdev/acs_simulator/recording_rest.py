"""The REST interface of recordings, as the SDK talks to it: start, look, pause, resume, stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from localdev.acs_simulator import bodies as b
from localdev.acs_simulator.call import Call
from localdev.acs_simulator.exchange import Exchange
from localdev.acs_simulator.gate import Gate, Json
from localdev.acs_simulator.recordings import Recording, RecordingState, recording_not_found
from localdev.acs_simulator.repeatability import Reply
from localdev.acs_simulator.service_errors import invalid_argument
from localdev.acs_simulator.settings import SimulatorSettings

Handler = Callable[[web.Request], Awaitable[web.Response]]
ROOT = "/calling/recordings"


class RecordingInterface:
    """The routes under `/calling/recordings`."""

    def __init__(self, settings: SimulatorSettings, exchange: Exchange, gate: Gate) -> None:
        self._settings = settings
        self._exchange = exchange
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        """Return what an application must route."""
        one = ROOT + "/{id:[^/:]+}"
        return [
            web.post(ROOT, self._start),
            web.get(one, self._on(self._get)),
            web.delete(one, self._on(self._stop)),
            web.post(one + ":pause", self._on(self._pause)),
            web.post(one + ":resume", self._on(self._resume)),
        ]

    async def _start(self, request: web.Request) -> web.Response:
        body = b.read_body(b.StartRecording, await self._gate.read(request))
        call = self._call(body)
        if body.recording_state_callback_uri is not None:
            self._check(body.recording_state_callback_uri, "RecordingStateCallbackUri")
        self._check(body.external_storage.recording_destination_container_url, "ContainerUrl")

        async def start() -> Reply:
            return Reply(status=200, json=_shown(call.record(body)))

        return await self._gate.pass_through(
            request, start, faults=call.faults, timeline=call.timeline
        )

    def _call(self, body: b.StartRecording) -> Call:
        if body.call_connection_id is not None:
            return self._exchange.by_connection(body.call_connection_id)
        if body.call_locator is None:
            raise invalid_argument("callConnectionId or callLocator is missing.")
        return self._exchange.by_server_call(body.call_locator.server_call_id)

    def _on(self, action: Callable[[Recording], Reply]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            await self._gate.read(request)
            call, recording = self._found(request.match_info["id"])

            async def act() -> Reply:
                return action(recording)

            return await self._gate.pass_through(
                request, act, faults=call.faults, timeline=call.timeline
            )

        return handle

    def _found(self, recording_id: str) -> tuple[Call, Recording]:
        for call in self._exchange.calls.values():
            for recording in call.desk.recordings:
                if recording.id == recording_id and not recording.over:
                    return call, recording
        raise recording_not_found()

    def _get(self, recording: Recording) -> Reply:
        return Reply(status=200, json=_shown(recording))

    def _stop(self, recording: Recording) -> Reply:
        recording.stop()
        return Reply(status=204)

    def _pause(self, recording: Recording) -> Reply:
        recording.change(RecordingState.INACTIVE)
        return Reply(status=202)

    def _resume(self, recording: Recording) -> Reply:
        recording.change(RecordingState.ACTIVE)
        return Reply(status=202)

    def _check(self, url: str, field: str) -> None:
        b.check_url(
            url,
            field=field,
            schemes=("http", "https"),
            loopback_only=self._settings.loopback_only,
        )


def _shown(recording: Recording) -> Json:
    return {
        "recordingId": recording.id,
        "recordingState": recording.state,
        "recordingKind": "azureCommunicationServices",
    }
