"""The carrier's port on the real SDK, against the simulator."""

from contextlib import asynccontextmanager

import pytest

from adapters.acs import AcsCalls, key_client
from core.control_ports import CarrierError, Links, Once, Trouble
from core.facts import LegState
from localdev.acs_simulator import Behaviour, Manner, Simulator, SimulatorSettings
from tests.control.stack import ACCESS_KEY, CALLED, CALLER, DESK, RESOURCE, PaperRelay, relay_server

ONCE = Once(key="call:answer", at=1_700_000_000.0)


class Line:
    """A simulator whose incoming calls nobody is told of: a test answers them itself."""

    def __init__(self, simulator, calls, links):
        self.simulator = simulator
        self.calls = calls
        self.links = links

    async def offer(self, **more):
        call = await self.simulator.ring(from_=CALLER, to=CALLED, **more)
        return call, call.offer

    async def answered(self, **more):
        call, offer = await self.offer(**more)
        leg = await self.calls.answer(offer, self.links, ONCE)
        await call.until("connected")
        return call, leg


@asynccontextmanager
async def line(key=ACCESS_KEY):
    settings = SimulatorSettings(
        access_key=ACCESS_KEY, control_token="c", resource_id=RESOURCE, connect_delay_s=0.0
    )
    async with Simulator(settings) as simulator, relay_server(PaperRelay()) as relay:
        calls = AcsCalls(key_client(simulator.url + "/", key), source_number=CALLED)
        links = Links(
            callback_url=f"{relay.url}/api/v1/calls/callbacks/c/s",
            media_url=f"ws{relay.url.removeprefix('http')}/api/v1/media/stream/c/s",
        )
        try:
            yield Line(simulator, calls, links)
        finally:
            await calls.aclose()
