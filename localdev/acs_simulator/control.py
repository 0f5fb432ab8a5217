"""The control interface: places calls, speaks for the caller, shows what happened. Loopback only.

Every request needs the control token in `x-emulator-token`. Times are milliseconds on the call's
clock (see `clock`).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from localdev.acs_simulator.audio import NotAudio, read_audio
from localdev.acs_simulator.call import Call
from localdev.acs_simulator.callee import Behaviour, Manner
from localdev.acs_simulator.control_requests import (
    CalleeSetting,
    Dtmf,
    FaultNames,
    NewCall,
    Say,
    Since,
)
from localdev.acs_simulator.exchange import Exchange, TooManyCalls
from localdev.acs_simulator.faults import FAULTS, UnknownFault, parse_faults
from localdev.acs_simulator.parties import Parties

MAX_NUMBERS = 1000
TOKEN_HEADER = "x-emulator-token"  # noqa: S105 -- a header's name

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlInterface:
    """The routes under `/emulator`."""

    def __init__(
        self, control_token: str, exchange: Exchange, numbers: dict[str, Behaviour]
    ) -> None:
        self._token = control_token.encode()
        self._exchange = exchange
        self._numbers = numbers

    def routes(self) -> list[web.RouteDef]:
        """Return what an application must route."""
        one = "/emulator/calls/{id}"
        guarded = self._guarded
        return [
            web.get("/emulator/faults", guarded(self._known_faults)),
            web.post("/emulator/numbers/{number}", guarded(self._set_number)),
            web.post("/emulator/calls", guarded(self._place)),
            web.get("/emulator/calls", guarded(self._list)),
            web.get(one, guarded(self._show)),
            web.get(one + "/timeline", guarded(self._timeline)),
            web.get(one + "/events", guarded(self._events)),
            web.get(one + "/heard.wav", guarded(self._heard)),
            web.get(one + "/caller.wav", guarded(self._said)),
            web.post(one + "/say", guarded(self._say)),
            web.post(one + "/dtmf", guarded(self._dtmf)),
            web.post(one + "/hangup", guarded(self._hang_up)),
            web.post(one + "/faults", guarded(self._set_faults)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            given = request.headers.get(TOKEN_HEADER, "").encode(errors="replace")
            if not hmac.compare_digest(given, self._token):
                return _error(401, f"{TOKEN_HEADER} is missing or wrong")
            return await _answered(handler, request)

        return handle

    def _call(self, request: web.Request) -> Call:
        call = self._exchange.calls.get(request.match_info["id"])
        if call is None:
            raise LookupError("no such call")
        return call

    async def _place(self, request: web.Request) -> web.Response:
        wanted = NewCall.model_validate_json(await request.read())
        parties = Parties(
            from_=wanted.from_,
            to=wanted.to,
            display_name=wanted.display_name,
            custom_context=wanted.custom_context,
        )
        call = await self._exchange.ring(parties, parse_faults(wanted.faults))
        return _json(_summary(call), status=201)

    async def _list(self, _: web.Request) -> web.Response:
        return _json([_summary(call) for call in self._exchange.calls.values()])

    async def _show(self, request: web.Request) -> web.Response:
        call = self._call(request)
        timeline = [entry.to_json() for entry in call.timeline.entries]
        return _json(_summary(call) | {"timeline": timeline})

    async def _timeline(self, request: web.Request) -> web.Response:
        return _json([entry.to_json() for entry in self._call(request).timeline.entries])

    async def _events(self, request: web.Request) -> web.Response:
        call, since = self._call(request), Since.model_validate(dict(request.query))
        try:
            async with asyncio.timeout(since.wait):
                await call.timeline.grown(since.after)
        except TimeoutError:
            pass
        entries = [entry.to_json() for entry in call.timeline.entries[since.after :]]
        after = since.after + len(entries)
        return _json({"entries": entries, "next": after, "ended": call.timeline.closed})

    async def _heard(self, request: web.Request) -> web.Response:
        return web.Response(body=self._call(request).heard_wav(), content_type="audio/wav")

    async def _said(self, request: web.Request) -> web.Response:
        return web.Response(body=self._call(request).said_wav(), content_type="audio/wav")

    async def _say(self, request: web.Request) -> web.Response:
        call, say = self._call(request), Say.model_validate(dict(request.query))
        pcm = await asyncio.to_thread(read_audio, await request.read())
        index = call.say(
            pcm,
            at_ms=say.at_ms,
            quiet_ms=say.quiet_ms,
            max_wait_ms=say.max_wait_ms,
            text=say.text,
        )
        return _json({"index": index, "duration_ms": len(pcm) // 32}, status=202)

    async def _dtmf(self, request: web.Request) -> web.Response:
        dtmf = Dtmf.model_validate_json(await request.read())
        call = self._call(request)
        if call.over:
            return _error(409, "the call is over")
        call.press(dtmf.digit, at_ms=dtmf.at_ms)
        return _json({}, status=202)

    async def _hang_up(self, request: web.Request) -> web.Response:
        call = self._call(request)
        call.hang_up()
        return _json(_summary(call))

    async def _set_faults(self, request: web.Request) -> web.Response:
        names = FaultNames.model_validate_json(await request.read())
        call = self._call(request)
        call.faults.update(parse_faults(names.faults))
        return _json({"faults": dict(call.faults)})

    async def _set_number(self, request: web.Request) -> web.Response:
        setting = CalleeSetting.model_validate_json(await request.read())
        audio = b""
        if setting.behaviour is Manner.VOICEMAIL:
            from localdev.caller.sound import voicemail  # speech models; most runs never need them

            audio = await voicemail(setting.text)
        behaviour = Behaviour(
            manner=setting.behaviour,
            delay_s=setting.delay_s,
            audio=audio,
            listens_s=setting.listens_s,
            keys=setting.keys,
            hangs_up=setting.hangs_up,
        )
        number = request.match_info["number"]
        if number not in self._numbers and len(self._numbers) >= MAX_NUMBERS:
            raise OverflowError("too many numbers have been set")
        self._numbers[number] = behaviour
        return _json({})

    async def _known_faults(self, _: web.Request) -> web.Response:
        return _json(
            [
                {"name": f.name, "parameter": f.parameter, "default": f.default, "help": f.help}
                for f in FAULTS.values()
            ]
        )


async def _answered(handler: Handler, request: web.Request) -> web.StreamResponse:
    """Turn what can be wrong with a request into one sentence."""
    try:
        return await handler(request)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return _error(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except (UnknownFault, NotAudio) as error:
        return _error(400, str(error))
    except LookupError as error:
        return _error(404, str(error.args[0]))
    except (TooManyCalls, OverflowError) as error:
        return _error(429, str(error))


def _summary(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "state": call.state.phase,
        "over": call.over,
        "finished": call.timeline.closed,
        "media": call.state.media,
        "from": call.parties.from_,
        "to": call.parties.to,
        "outbound": call.state.outbound,
        **call.ids(),
        "clock": {
            "epoch": call.clock.timestamp(0),
            "now_ms": round(call.clock.now_ms(), 1),
            "rate": call.rate,
        },
        "stats": call.stats(),
        "faults": dict(call.faults),
    }


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    return _json({"error": message}, status)
