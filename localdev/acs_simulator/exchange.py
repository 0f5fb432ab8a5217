"""The calls of a simulator: rung, dialled, found by whichever name they are asked for."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import orjson

from localdev.acs_simulator.call import Call
from localdev.acs_simulator.eventgrid import GridPublisher
from localdev.acs_simulator.events import identifier, incoming_call
from localdev.acs_simulator.faults import Faults
from localdev.acs_simulator.parties import Parties, Services
from localdev.acs_simulator.service_errors import call_not_found
from localdev.acs_simulator.settings import MAX_KEPT_CALLS, MAX_LIVE_CALLS, GridSchema

log = logging.getLogger(__name__)


class TooManyCalls(Exception):
    """The simulator carries as many calls as it may."""


class Exchange:
    """Owns every call's task; ended calls stay until there are too many of them."""

    def __init__(self, services: Services, grid: GridPublisher) -> None:
        self.calls: dict[str, Call] = {}
        self.defaults = Faults(services.settings.faults)
        self._services = services
        self._grid = grid
        self._runs: set[asyncio.Task[None]] = set()

    async def ring(self, parties: Parties, faults: Faults) -> Call:
        """Let the app's telephone ring, and tell it through Event Grid if it has an address.

        Raises `TooManyCalls`.
        """
        call = await self._begin(parties, faults, outbound=False)
        call.tasks.spawn(call.ring_out())
        if self._services.settings.functions_base_url:
            call.announce(self._announce(call))
        return call

    async def dial(self, parties: Parties) -> Call:
        """Begin a call that the app places. Raises `TooManyCalls`."""
        return await self._begin(parties, Faults(), outbound=True)

    def by_connection(self, connection_id: str) -> Call:
        """Return a call that the app has taken and that is not over. Raises `ServiceError`."""
        for call in self.calls.values():
            if call.connection_id == connection_id and not call.over and call.callback_url:
                return call
        raise call_not_found()

    def by_server_call(self, server_call_id: str) -> Call:
        """Return a call that the app has taken, by its locator. Raises `ServiceError`."""
        for call in self.calls.values():
            if call.server_call_id == server_call_id and not call.over and call.callback_url:
                return call
        raise call_not_found()

    def by_context(self, incoming_context: str) -> Call:
        """Return the call that was offered with this context. Raises `ServiceError`."""
        for call in self.calls.values():
            if call.incoming_context == incoming_context:
                return call
        raise call_not_found()

    async def stop(self) -> None:
        """End every call at once."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)

    async def _begin(self, parties: Parties, faults: Faults, *, outbound: bool) -> Call:
        if len(self._runs) >= MAX_LIVE_CALLS:
            raise TooManyCalls(f"{MAX_LIVE_CALLS} calls are live")
        self._forget_the_oldest()
        call = Call(self._services, parties, Faults(self.defaults | faults), outbound=outbound)
        self.calls[call.id] = call
        started = asyncio.Event()
        run = asyncio.create_task(self._run(call, started))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        await started.wait()
        return call

    async def _run(self, call: Call, started: asyncio.Event) -> None:
        try:
            await call.run(started)
        except* Exception:  # the edge: a call that breaks takes no other with it
            log.exception("call broke")
        finally:
            out_dir = self._services.settings.out_dir
            if out_dir is not None:
                await asyncio.to_thread(_keep, call, out_dir)

    async def _announce(self, call: Call) -> None:
        late_s = call.faults.number("eg_late")
        await asyncio.sleep(late_s)
        cloud = call.faults.has("eg_cloudevents")
        schema = GridSchema.CLOUD_EVENTS if cloud else self._services.settings.grid_schema
        event = incoming_call(
            data=_offer(call),
            resource_id=self._services.settings.resource_id,
            time=call.clock.epoch,
            schema=schema,
        )
        for _ in range(2 if call.faults.has("eg_dup") else 1):
            await self._grid.deliver(event, schema, call.timeline)

    def _forget_the_oldest(self) -> None:
        ended = [call.id for call in self.calls.values() if call.over]
        for call_id in ended[: max(0, len(ended) - MAX_KEPT_CALLS + 1)]:
            del self.calls[call_id]


def _offer(call: Call) -> dict[str, object]:
    parties = call.parties
    offer: dict[str, object] = {
        "to": identifier(parties.to),
        "from": identifier(parties.from_),
        "serverCallId": call.server_call_id,
        "callerDisplayName": parties.display_name,
        "incomingCallContext": call.incoming_context,
        "correlationId": call.correlation_id,
    }
    if parties.custom_context is not None:
        offer["customContext"] = dict(parties.custom_context)
    return offer


def _keep(call: Call, out_dir: Path) -> None:
    folder = out_dir / call.id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "heard.wav").write_bytes(call.heard_wav())
    (folder / "caller.wav").write_bytes(call.said_wav())
    timeline = [entry.to_json() for entry in call.timeline.entries]
    (folder / "timeline.json").write_bytes(orjson.dumps(timeline, option=orjson.OPT_INDENT_2))
