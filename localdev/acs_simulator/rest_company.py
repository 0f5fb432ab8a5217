"""The REST operations on the people of a call: invite, cancel, remove, hold, unhold, list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from localdev.acs_simulator import bodies as b
from localdev.acs_simulator.call import Call
from localdev.acs_simulator.events import identifier
from localdev.acs_simulator.gate import Json
from localdev.acs_simulator.happenings import Operation
from localdev.acs_simulator.repeatability import Reply
from localdev.acs_simulator.service_errors import not_established

Action = Callable[[Call, Json], Awaitable[Reply]]
Handler = Callable[[web.Request], Awaitable[web.Response]]
OperationOf = Callable[[b.InOperation], Operation]


class CompanyRoutes:
    """The handlers; `operation_of` reads what every operation may carry."""

    def __init__(self, operation_of: OperationOf, check_url: Callable[[str, str], None]) -> None:
        self._operation_of = operation_of
        self._check_url = check_url

    def routes(self, one: str, on_call: Callable[[Action], Handler]) -> list[web.RouteDef]:
        """Return what an application must route under the address of one call."""
        people = one + "/participants"
        each = {
            (web.get, people): self._list,
            (web.post, people + ":add"): self._add,
            (web.post, people + ":cancelAddParticipant"): self._cancel,
            (web.post, people + ":remove"): self._remove,
            (web.post, one + ":hold"): self._hold,
            (web.post, one + ":unhold"): self._unhold,
        }
        return [method(path, on_call(action)) for (method, path), action in each.items()]

    async def _list(self, call: Call, _: Json) -> Reply:
        return Reply(status=200, json={"value": _established(call).people()})

    async def _add(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.AddParticipant, json)
        who = identifier(body.participant_to_add.address())
        body.check_headers()
        call.timeline.note("invited", headers=body.headers())
        guest = _established(call).company.invite(
            who,
            within_s=body.invitation_timeout_in_seconds,
            operation=self._operation_of(body),
        )
        participant = {"identifier": who, "isMuted": False, "isOnHold": False}
        answer: Json = {"participant": participant, "invitationId": guest.invitation}
        return Reply(status=202, json=_echoed(answer, body))

    async def _cancel(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.CancelAddParticipant, json)
        _established(call).company.cancel(body.invitation_id, self._operation_of(body))
        return Reply(status=202, json=_echoed({"invitationId": body.invitation_id}, body))

    async def _remove(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.RemoveParticipant, json)
        who = identifier(body.participant_to_remove.address())
        _established(call).company.remove(who, self._operation_of(body))
        return Reply(status=202, json=_echoed({}, body))

    async def _hold(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.Hold, json)
        self._operation_of(body)
        files = body.files()
        for url in files:
            self._check_url(url, "uri")
        _established(call).company.hold(identifier(body.target_participant.address()), files)
        return Reply(status=200)

    async def _unhold(self, call: Call, json: Json) -> Reply:
        body = b.read_body(b.Unhold, json)
        self._operation_of(body)
        _established(call).company.unhold(identifier(body.target_participant.address()))
        return Reply(status=200)


def _established(call: Call) -> Call:
    if not call.established:
        raise not_established()
    return call


def _echoed(answer: Json, body: b.InOperation) -> Json:
    """Return an answer that names its operation's context."""
    if body.operation_context:
        return {**answer, "operationContext": body.operation_context}
    return answer
