"""The REST interface that the Call Automation SDK talks to: one function per operation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from localdev.acs_simulator import bodies as b
from localdev.acs_simulator import happenings as h
from localdev.acs_simulator.call import Call
from localdev.acs_simulator.events import identifier
from localdev.acs_simulator.exchange import Exchange, TooManyCalls
from localdev.acs_simulator.gate import Gate, Json
from localdev.acs_simulator.parties import Parties
from localdev.acs_simulator.properties import connection_properties
from localdev.acs_simulator.repeatability import Reply
from localdev.acs_simulator.rest_company import CompanyRoutes
from localdev.acs_simulator.service_errors import invalid_argument, throttled
from localdev.acs_simulator.settings import SimulatorSettings

EVENT_PATIENCE_S = 5.0

Action = Callable[[Call, Json], Awaitable[Reply]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class RestInterface:
    """The routes under `/calling/callConnections`."""

    def __init__(self, settings: SimulatorSettings, exchange: Exchange, gate: Gate) -> None:
        self._settings = settings
        self._exchange = exchange
        self._gate = gate

    def routes(self) -> list[web.RouteDef]:
        """Return what an application must route."""
        root = "/calling/callConnections"
        one = root + "/{id:[^/:]+}"
        on_call = self._on_call
        return [
            web.post(root, self._create),
            web.post(root + ":answer", self._offered(b.Answer, self._answer)),
            web.post(root + ":reject", self._offered(b.Reject, self._reject)),
            web.post(root + ":redirect", self._offered(b.Redirect, self._redirect)),
            web.get(one, on_call(self._get)),
            web.delete(one, on_call(self._hang_up)),
            web.post(one + ":terminate", on_call(self._hang_up)),
            web.post(one + ":transferToParticipant", on_call(self._transfer)),
            web.post(one + ":play", on_call(self._play)),
            web.post(one + ":cancelAllMediaOperations", on_call(self._cancel_media)),
            web.post(one + ":startMediaStreaming", on_call(self._start_streaming)),
            web.post(one + ":stopMediaStreaming", on_call(self._stop_streaming)),
            *CompanyRoutes(self._operation, self._check_url).routes(one, on_call),
        ]

    # --- calls that are offered or placed --------------------------------------------------------

    def _offered[B: b.Offered](
        self, kind: type[B], action: Callable[[Call, B], Awaitable[Reply]]
    ) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            body = b.read_body(kind, await self._gate.read(request))
            call = self._exchange.by_context(body.incoming_call_context)
            return await self._gate.pass_through(
                request, lambda: action(call, body), faults=call.faults, timeline=call.timeline
            )

        return handle

    async def _answer(self, call: Call, answer: b.Answer) -> Reply:
        self._check(answer)
        call.take(answer)
        if call.faults.take("event_before_response"):
            with contextlib.suppress(TimeoutError, LookupError):
                async with asyncio.timeout(EVENT_PATIENCE_S):
                    await call.timeline.wait_for("event", type="CallConnected")
        return Reply(status=200, json=connection_properties(call))

    async def _reject(self, call: Call, body: b.Reject) -> Reply:
        call.apply(h.Rejected())
        return Reply(status=204)

    async def _redirect(self, call: Call, body: b.Redirect) -> Reply:
        body.target.address()
        call.apply(h.Redirected())
        return Reply(status=204)

    async def _create(self, request: web.Request) -> web.Response:
        json = await self._gate.read(request)
        return await self._gate.pass_through(
            request, lambda: self._place(json), faults=self._exchange.defaults, timeline=None
        )

    async def _place(self, json: Json) -> Reply:
        create = b.read_body(b.Create, json)
        self._check(create)
        parties = Parties(
            from_=create.source_caller_id_number.value,
            to=create.targets[0].address(),
            display_name=create.source_display_name,
        )
        try:
            call = await self._exchange.dial(parties)
        except TooManyCalls as error:
            raise throttled() from error
        call.take(create)
        return Reply(status=201, json=connection_properties(call))

    # --- calls that are up -----------------------------------------------------------------------

    def _on_call(self, action: Action) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            json = await self._gate.read(request)
            call = self._exchange.by_connection(request.match_info["id"])
            return await self._gate.pass_through(
                request, lambda: action(call, json), faults=call.faults, timeline=call.timeline
            )

        return handle

    async def _get(self, call: Call, _: Json) -> Reply:
        return Reply(status=200, json=connection_properties(call))

    async def _hang_up(self, call: Call, _: Json) -> Reply:
        call.apply(h.AppHungUp())
        return Reply(status=204)

    async def _transfer(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.Transfer, json)
        target = identifier(body.target_participant.address())
        if target["kind"] == "unknown":
            raise invalid_argument("targetParticipant is of an unsupported kind.")
        body.check_headers()
        call.timeline.note("transfer_asked", headers=body.headers())
        call.apply(h.TransferAsked(target=target, operation=self._operation(body)))
        return Reply(status=202, json=_echo(body))

    async def _play(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.Play, json)
        for url in body.files():
            self._check_url(url, "uri")
        self._operation(body)
        call.play(body)
        return Reply(status=202)

    async def _cancel_media(self, call: Call, _: Json) -> Reply:
        call.cancel_prompts()
        return Reply(status=202)

    async def _start_streaming(self, call: Call, json: Json) -> Reply:
        operation = self._operation(b.read_body(b.InOperation, json))
        call.apply(h.MediaAsked(operation=operation))
        return Reply(status=202)

    async def _stop_streaming(self, call: Call, json: Json) -> Reply:
        operation = self._operation(b.read_body(b.InOperation, json))
        call.apply(h.MediaStopAsked(operation=operation))
        return Reply(status=202)

    # --- addresses -------------------------------------------------------------------------------

    def _check(self, body: b.Answer | b.Create) -> None:
        self._check_url(body.callback_uri, "CallbackUri")
        media = body.media_streaming_options
        if media is not None:
            self._check_url(media.transport_url, "TransportUrl", schemes=("ws", "wss"))

    def _operation(self, body: b.InOperation) -> h.Operation:
        if body.operation_callback_uri is not None:
            self._check_url(body.operation_callback_uri, "OperationCallbackUri")
        return h.Operation(context=body.operation_context, callback=body.operation_callback_uri)

    def _check_url(
        self, url: str, field: str, schemes: tuple[str, ...] = ("http", "https")
    ) -> None:
        b.check_url(url, field=field, schemes=schemes, loopback_only=self._settings.loopback_only)


def _echo(body: b.InOperation) -> Json:
    """Return the answer of an operation that names its context."""
    return {"operationContext": body.operation_context} if body.operation_context else {}
